"""Ansible's community.general: its modules as Ansible runs them, in one process in place of one for each task."""
import contextlib
import importlib
import io
import json

from ansible.module_utils.testing import patch_module_args
from steps import IMAGE, PASSWORD, drive, until

MODULES = "ansible_collections.community.general.plugins.modules"


def run(module, origin, category, command, **given):
    """What a task of a playbook would answer; raises what it would fail with."""
    where = {"baseuri": origin.removeprefix("https://"), "username": "admin", "password": "simulated"}
    main = importlib.import_module(f"{MODULES}.{module}").main
    told = io.StringIO()
    with patch_module_args({**where, "category": category, "command": command, **given}):
        with contextlib.redirect_stdout(told), contextlib.suppress(SystemExit):
            main()
    answer = json.loads(told.getvalue().strip().splitlines()[-1])
    if answer.get("failed"):
        raise RuntimeError(answer["msg"])
    return answer.get("redfish_facts", answer)


def session(origin):
    systems = run("redfish_info", origin, "Systems", ["GetSystemInventory"])["system"]["entries"]
    # Its modules act on the first system unless they are told which.
    host = next(uri.split("/")[-1] for key, one in systems for uri in [key["system_uri"]] if "PowerState" in one)
    here = {"resource_id": host}

    def inventory():
        shown = run("redfish_info", origin, "Systems", ["GetSystemInventory"], timeout=60)["system"]["entries"]
        return next(one["PowerState"] for key, one in shown if key["system_uri"].endswith(f"/{host}"))

    def power():
        run("redfish_command", origin, "Systems", ["PowerOn"], **here)
        return until(inventory, "On")

    def boot():
        run("redfish_command", origin, "Systems", ["SetOneTimeBoot"], bootdevice="Pxe", **here)
        shown = run("redfish_info", origin, "Systems", ["GetBootOverride"])["boot_override"]["entries"]
        return next(one["BootSourceOverrideTarget"] for _, one in shown if "BootSourceOverrideTarget" in one)

    def media():
        wish = {"image_url": IMAGE, "media_types": ["CD"]}
        for category in ("Manager", "Systems"):
            given = here if category == "Systems" else {}
            try:
                run("redfish_command", origin, category, ["VirtualMediaInsert"], virtual_media=wish, **given)
            except RuntimeError as error:
                if category == "Systems" or "not found" not in str(error):
                    raise
                continue
            run("redfish_command", origin, category, ["VirtualMediaEject"], virtual_media={"image_url": IMAGE}, **given)
            return "True False"

    def account():
        of = {"account_username": "guest"}
        run("redfish_command", origin, "Accounts", ["AddUser"], new_password=PASSWORD, roleid="ReadOnly", **of)
        run("redfish_command", origin, "Accounts", ["UpdateUserRole"], roleid="Operator", **of)
        users = run("redfish_info", origin, "Accounts", ["ListUsers"])["user"]["entries"]
        role = next(one["RoleId"] for one in users if one["UserName"] == "guest")
        run("redfish_command", origin, "Accounts", ["DeleteUser"], **of)
        return role

    def logs():
        shown = run("redfish_info", origin, "Manager", ["GetLogs"])["log"]["entries"]
        return "read" if any(entries for one in shown for entries in one.values()) else "none"

    return {"boot": boot, "media": media, "account": account, "power": power, "logs": logs}


drive(session)
