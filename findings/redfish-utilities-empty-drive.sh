#!/bin/sh
# redfish-utilities 3.5.2 (DMTF's Redfish Tacklebox), Python 3.11:
# a drive for virtual media that is empty and says so by "Image": "" and "Inserted": false, as HPE's iLO 5 and iLO 6 do,
# is taken for one that is in use: only null counts as empty there. So no image can be inserted on those controllers,
# and the error tells of media types. The schema of VirtualMedia allows any string or null for Image.
#
# Seen:
#   Image null, Inserted false: inserted
#   Image "", Inserted false: No acceptable virtual media: No available slots of types CD, DVD
#
# Exits 0 while this is so, else with another status.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check redfish-utilities==3.5.2
cat >"$folder/show.py" <<'PYTHON'
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import redfish
import redfish_utilities

image = None
inserted = []
drive = "/redfish/v1/Managers/1/VirtualMedia/2"
link = lambda path: {"@odata.id": path}


def document(path):
    return {
        "/redfish/v1": {"@odata.id": "/redfish/v1", "Systems": link("/redfish/v1/Systems")},
        "/redfish/v1/Systems": {"Members": [link("/redfish/v1/Systems/1")]},
        "/redfish/v1/Systems/1": {"Id": "1", "VirtualMedia": link("/redfish/v1/Managers/1/VirtualMedia")},
        "/redfish/v1/Managers/1/VirtualMedia": {"Members": [link(drive)]},
        drive: {
            "@odata.id": drive,
            "Id": "2",
            "MediaTypes": ["CD", "DVD"],
            "Image": image,
            "Inserted": False,
            "Actions": {"#VirtualMedia.InsertMedia": {"target": drive + "/Actions/VirtualMedia.InsertMedia"}},
        },
    }.get(path.rstrip("/"))


class Controller(BaseHTTPRequestHandler):
    def do_GET(self):
        self.tell(200, document(self.path))

    def do_POST(self):
        inserted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["Image"])
        self.tell(200, {})

    def tell(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status if body is not None else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Controller)
threading.Thread(target=server.serve_forever, daemon=True).start()
context = redfish.redfish_client(base_url=f"http://127.0.0.1:{server.server_port}")


def insert(shown):
    global image
    image = shown
    try:
        redfish_utilities.insert_virtual_media(context, "http://127.0.0.1/system.iso", "1")
        told = "inserted"
    except redfish_utilities.systems.RedfishNoAcceptableVirtualMediaError as error:
        told = str(error)
    print(f"Image {json.dumps(shown)}, Inserted false: {told}")
    return told


first, second = insert(None), insert("")
sys.exit(0 if first == "inserted" and "No available slots" in second and len(inserted) == 1 else 1)
PYTHON
"$folder/venv/bin/python" "$folder/show.py"
