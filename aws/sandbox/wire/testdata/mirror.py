# Calls operations with botocore, the library under the aws CLI: a JSON object a line in, one out.
import base64, datetime, json, sys
import botocore.session
from botocore.config import Config

endpoint, key, secret = sys.argv[1:]
session = botocore.session.Session()
session.set_credentials(key, secret)
config = Config(retries={"total_max_attempts": 1}, inject_host_prefix=False, s3={"addressing_style": "path"}, parameter_validation=False)
clients = {}


def python(v):
    if isinstance(v, dict):
        return base64.b64decode(v["__bytes__"]) if "__bytes__" in v else {k: python(e) for k, e in v.items()}
    return [python(e) for e in v] if isinstance(v, list) else v


def plain(v):
    if hasattr(v, "read"):
        v = v.read()
    if isinstance(v, (bytes, bytearray)):
        return {"__bytes__": base64.b64encode(v).decode()}
    if isinstance(v, datetime.datetime):
        return v.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(v, dict):
        return {k: plain(e) for k, e in v.items()}
    return [plain(e) for e in v] if isinstance(v, (list, tuple)) else v


for line in sys.stdin:
    call = json.loads(line)
    try:
        name = call["service"]
        if name not in clients:
            # S3 Control puts the account in front of the host, which an address cannot have.
            clients[name] = session.create_client(name, region_name="eu-west-1", endpoint_url=endpoint, config=config)
            clients[name].meta.events.register("before-sign", lambda request, **_: setattr(request, "url", request.url.replace("//111122223333.", "//")))
        answer = clients[name]._make_api_call(call["operation"], python(call["params"]))
        answer.pop("ResponseMetadata", None)
        print(json.dumps({"answer": plain(answer)}))
    except Exception as e:
        print(json.dumps({"error": "%s: %s" % (type(e).__name__, e)}))
