# Asks the workers of celery_app until COUNT of them have answered twice; prints {pid: modules}.
import json
import sys

from celery_app import truth

wanted = int(sys.argv[1])
answers = {}
seen = {}
for _ in range(200):
    for waiting in [truth.delay() for _ in range(wanted * 2)]:
        answer = waiting.get(timeout=30, interval=0.05)
        answers[answer["pid"]] = answer["modules"]
        seen[answer["pid"]] = seen.get(answer["pid"], 0) + 1
    if len(seen) == wanted and min(seen.values()) > 1:
        break
print(json.dumps(answers))
