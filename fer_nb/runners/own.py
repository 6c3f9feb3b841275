"""This package's own functions in a process of their own.

Each line on stdin is JSON: `["module:function", [arguments]]`; the answer is a line of JSON: `result`."""
import json
import pkgutil
import sys

for line in sys.stdin:
    name, arguments = json.loads(line)
    print(json.dumps({"result": pkgutil.resolve_name(name)(*arguments)}), flush=True)
