#!/usr/bin/env bash
# A tour of both APIs and of what steers them, with curl alone. Start `sandbox serve` first; the tour ends with an error at
# the first answer that is not as told here.
set -euo pipefail

URL=${SANDBOX_URL:-http://127.0.0.1:8800}
# A key is a world. These two belong to nobody else, so that the tour is the same each time.
AIKRAFT=ak_test_enterprise_tour
CTRLAI=ctrlai_pk_7e570000000000000000000000746f75
HEAD=$(mktemp) BODY=$(mktemp)
trap 'rm -f "$HEAD" "$BODY"' EXIT

# ask KEY STATUS METHOD PATH [JSON]: asks, shows the answer, and ends the tour if the status is another one.
ask() {
  local key=$1 expected=$2 method=$3 path=$4 json=() got
  [ $# -lt 5 ] || json=(-H "Content-Type: application/json" -d "$5")
  got=$(curl --silent --show-error -X "$method" "$URL$path" -H "Authorization: Bearer $key" "${json[@]}" \
    -D "$HEAD" -o "$BODY" -w '%{http_code}')
  printf '\n%s %s\n%s %s\n' "$method" "$path" "$got" "$(cut -c 1-300 "$BODY")"
  [ "$got" = "$expected" ] || fail "expected the status $expected, got $got"
}

# says TEXT: the latest answer contains it.
says() { grep -qF -- "$1" "$BODY" || fail "expected the answer to contain $1"; }

# field NAME: the first value of this name in the latest answer. header NAME: of its header fields.
field() { grep -o "\"$1\":[^,}]*" "$BODY" | head -n 1 | sed 's/^[^:]*://; s/"//g'; }
header() { tr -d '\r' <"$HEAD" | sed -n "s/^$1: //Ip"; }
fail() { echo "tour: $1" >&2 && exit 1; }
chapter() { printf '\n== %s\n' "$1"; }

# A server that was started a moment ago is waited for.
curl --silent --fail --output /dev/null --retry 10 --retry-delay 1 --retry-connrefused "$URL/__admin/health" ||
  fail "expected a sandbox at $URL, as \`sandbox serve\` starts one"

chapter "Aikraft: the systems of a company, and what becomes of them"
ask $AIKRAFT 200 POST /__admin/reset
ask $AIKRAFT 200 PUT /__admin/clock '{"mode": "frozen"}'
ask $AIKRAFT 200 GET "/v1/systems?risk_tier=high&limit=2"
ask $AIKRAFT 201 POST /v1/systems '{"name": "Loan Approval Engine", "description": "Scores loan applications.",
  "purpose": "Automate credit decisions", "domain": "Financial Services / Credit Assessment"}'
ask $AIKRAFT 409 POST /v1/systems '{"name": "Loan Approval Engine", "description": "Once more.",
  "purpose": "Automate credit decisions", "domain": "Financial Services / Credit Assessment"}'
ask $AIKRAFT 422 POST /v1/systems '{"name": ""}'

# Pages: what `meta.cursor` says leads on, until it is null.
ask $AIKRAFT 200 GET "/v1/systems?limit=20"
CURSOR=$(field cursor)
ask $AIKRAFT 200 GET "/v1/systems?limit=20&cursor=$CURSOR"
says '"cursor":null'

chapter "Jobs: the world's clock is yours, so nobody waits"
ask $AIKRAFT 202 POST /v1/systems/sys_abc123/documents '{"sections": [1, 2]}'
JOB=$(field job_id) SECONDS_LEFT=$(field estimated_seconds)
ask $AIKRAFT 200 GET "/v1/jobs/$JOB"
says '"status":"queued"'
ask $AIKRAFT 200 POST /__admin/clock/advance "{\"by\": \"${SECONDS_LEFT}s\"}"
ask $AIKRAFT 200 GET "/v1/jobs/$JOB"
says '"status":"completed"'

chapter "A scenario scripts what goes wrong: here a quota that is too small"
ask $AIKRAFT 200 PUT /__admin/scenarios/active '{"name": "rate-limited"}'
for _ in {1..10}; do ask $AIKRAFT 200 GET "/v1/systems?limit=1"; done
ask $AIKRAFT 429 GET "/v1/systems?limit=1"
ask $AIKRAFT 200 POST /__admin/clock/advance "{\"by\": \"$(header Retry-After)s\"}"
ask $AIKRAFT 200 GET "/v1/systems?limit=1"
ask $AIKRAFT 200 PUT /__admin/scenarios/active '{"name": null}'

chapter "A single fault: the write is done, and its answer lost"
ask $AIKRAFT 201 POST /__admin/faults '{"when": {"operation": "createSystem"}, "then": {"hangup": "EMPTY_RESPONSE"}, "times": 1}'
lost=0
curl --silent "$URL/v1/systems" -H "Authorization: Bearer $AIKRAFT" -H "Content-Type: application/json" \
  -d '{"name": "Lost and Found", "description": "d", "purpose": "p", "domain": "Insurance / Claims"}' || lost=$?
[ $lost = 52 ] || fail "expected curl to say 52, an empty reply; got $lost"
ask $AIKRAFT 200 GET "/v1/systems?limit=1"
says '"Lost and Found"'

chapter "The sandbox remembers, verifies, explains and judges"
ask $AIKRAFT 200 POST /__admin/verify '{"match": {"operation": "createSystem"}, "count": {"exactly": 4}}'
ask $AIKRAFT 200 GET "/__admin/requests?status=429"
ask $AIKRAFT 200 GET "/__admin/requests/$(field id)/explain"
says '"rules":[{'
ask $AIKRAFT 200 GET "/__admin/verdicts?severity=warning"
says '"verdicts":[]'
ask $AIKRAFT 200 GET /__admin/capsule
says '"capsule":'

chapter "Ctrl AI: an answer says how far it can be trusted"
ask $CTRLAI 200 POST /__admin/reset
ask $CTRLAI 200 POST /api/v1/inference \
  '{"query": "What is the credit risk of a monthly debt of 1500 with a monthly income of 5000 and a credit score of 700?"}'
says '"coveragePercent":100'
ask $CTRLAI 200 GET "/api/v1/units?status=verified&limit=2"
ask $CTRLAI 200 GET "/api/v1/units?limit=2&offset=16"
says '"total":18'

# The key that opened the world is an admin's; it mints keys of the other roles.
ask $CTRLAI 201 POST /__admin/keys '{"role": "viewer"}'
VIEWER=$(field key)
ask "$VIEWER" 403 POST /api/v1/domains '{"name": "Insurance"}'
says '"FORBIDDEN"'
ask $CTRLAI 201 POST /api/v1/domains '{"name": "Insurance"}'
ask $CTRLAI 200 GET "/api/v1/audit?limit=1"
says '"domain.created"'

printf '\nThe tour is over, and all was as told.\n'
