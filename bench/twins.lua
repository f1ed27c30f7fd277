-- Arguments: path, key, and for a POST the body, in which %N stands for the number of the request.
local turn, path, headers, body, plain = 0, nil, nil, nil, nil

function init(args)
  path = args[1]
  headers = { ["Authorization"] = "Bearer " .. args[2] }
  if args[3] then
    body = args[3]
    headers["Content-Type"] = "application/json"
  else
    plain = wrk.format("GET", path, headers)
  end
end

function request()
  if plain then
    return plain
  end
  turn = turn + 1
  return wrk.format("POST", path, headers, (body:gsub("%%N", tostring(turn))))
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, "status": %d, "socket": %d, "bytes": %d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), errors.status,
    errors.connect + errors.read + errors.write + errors.timeout, summary.bytes))
end
