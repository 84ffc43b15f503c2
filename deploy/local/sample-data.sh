#!/usr/bin/env bash
# Fills an empty Taskmesh with something to look at: a person, tasks, a series, a reminder. Prints how to sign in.
#
#   deploy/local/sample-data.sh [ADDRESS]
#
# Each run makes another person.
set -euo pipefail

address=${1:-http://127.0.0.1:8080}
email="ada-$(date +%s)@example.com"
password="correct horse battery"

# post PATH JSON: what the gateway answers.
post() {
    curl --silent --show-error --fail-with-body --header "Authorization: Bearer ${token:-}" --data "$2" "$address/v1/$1"
}

# field NAME: what stands there in the JSON that is read.
field() {
    python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"
}

# in_days DAYS: a date.
in_days() {
    python3 -c 'import datetime, sys; print(datetime.date.today() + datetime.timedelta(int(sys.argv[1])))' "$1"
}

token=$(post auth/signup "{\"email\": \"$email\", \"password\": \"$password\", \"displayName\": \"Ada\"}" | field accessToken)

for title in "Call the dentist" "Write to grandmother" "Read the lease"; do
    post tasks "{\"title\": \"$title\", \"tags\": [\"sample\"]}" > /dev/null
done
post tasks "{\"title\": \"Buy milk\", \"priority\": \"TASK_PRIORITY_HIGH\", \"due\": {\"date\": \"$(in_days 1)\"}}" > /dev/null
done_task=$(post tasks '{"title": "Plan the week"}' | field id)
post "tasks/$done_task:complete" '{}' > /dev/null

bins=$(post tasks "{\"title\": \"Take out the bins\",
    \"due\": {\"localTime\": \"$(in_days 7)T07:00:00\", \"timeZone\": \"Europe/Berlin\"}}" | field id)
post schedules "{\"taskId\": \"$bins\", \"rrule\": \"FREQ=WEEKLY\"}" > /dev/null

bread=$(post tasks '{"title": "Take the bread out"}' | field id)
soon=$(python3 -c 'import datetime as d; print((d.datetime.now(d.timezone.utc) + d.timedelta(minutes=1)).isoformat())')
post "tasks/$bread/reminders" "{\"at\": \"$soon\"}" > /dev/null

echo "$address/docs: sign in as $email with the password \"$password\"; a reminder comes in a minute"
