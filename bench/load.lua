-- Arguments: kind (one, page or create), path, file of ids, key, and a stem that no other run has (for unique names).
local turn, requests, create, head, tail = 0, {}, nil, nil, nil
local path, headers

function init(args)
  local kind, stem = args[1], args[5]
  path = args[2]
  headers = { ["Authorization"] = "Bearer " .. args[4] }
  if kind == "create" then
    create = true
    headers["Content-Type"] = "application/json"
    head = '{"name": "Loan Approval Engine ' .. stem .. "-"
    tail = '", "description": "Scores personal loan applications using applicant financial history and behavioural data.",'
      .. ' "purpose": "Automate initial credit decisions to reduce processing time",'
      .. ' "domain": "Financial Services / Credit Assessment"}'
  elseif kind == "page" then
    requests[1] = wrk.format("GET", path, headers)
  else
    for id in io.lines(args[3]) do
      requests[#requests + 1] = wrk.format("GET", (path:gsub("{id}", id)), headers)
    end
  end
end

function request()
  turn = turn + 1
  if create then
    return wrk.format("POST", path, headers, head .. turn .. tail)
  end
  return requests[(turn - 1) % #requests + 1]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, "status": %d, "socket": %d, "bytes": %d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), errors.status,
    errors.connect + errors.read + errors.write + errors.timeout, summary.bytes))
end
