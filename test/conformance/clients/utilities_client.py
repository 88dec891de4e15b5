"""DMTF's redfish-utilities (Redfish Tacklebox)."""
import redfish
import redfish_utilities
from redfish_utilities.logs import log_container
from steps import IMAGE, PASSWORD, drive, until


def session(origin):
    context = redfish.redfish_client(base_url=origin, username="admin", password="simulated")
    context.login(auth="session")
    hosts = redfish_utilities.get_system_ids(context)
    # The one of several that can be reset.
    host = next(one for one in hosts if redfish_utilities.get_system(context, one).dict.get("Actions"))

    def power():
        redfish_utilities.system_reset(context, host, "On")
        return until(lambda: redfish_utilities.get_system(context, host).dict["PowerState"], "On")

    def boot():
        redfish_utilities.set_system_boot(context, host, ov_target="Pxe", ov_enabled="Once")
        return redfish_utilities.get_system_boot(context, host)["BootSourceOverrideTarget"]

    def media():
        redfish_utilities.insert_virtual_media(context, IMAGE, host)
        inserted = [one for one in redfish_utilities.get_virtual_media(context, host) if one["Inserted"]]
        redfish_utilities.eject_virtual_media(context, inserted[0]["Id"], host)
        left = [one for one in redfish_utilities.get_virtual_media(context, host) if one["Inserted"]]
        return f"{len(inserted) == 1} {len(left) > 0}"

    def account():
        redfish_utilities.add_user(context, "guest", PASSWORD, "ReadOnly")
        redfish_utilities.modify_user(context, "guest", new_role="Operator")
        role = next(one for one in redfish_utilities.get_users(context) if one["UserName"] == "guest")["RoleId"]
        redfish_utilities.delete_user(context, "guest")
        return role

    def logs():
        count = 0
        owners = {log_container.SYSTEM: [host], log_container.MANAGER: redfish_utilities.get_manager_ids(context)}
        for kind, ids in owners.items():
            for owner in ids:
                try:
                    _, services = redfish_utilities.get_log_service_ids(context, kind, owner)
                except redfish_utilities.logs.RedfishLogServiceNotFoundError:
                    continue
                for service in services:
                    count += len(redfish_utilities.get_log_entries(context, kind, owner, service))
        return "read" if count > 0 else "none"

    return {"boot": boot, "media": media, "account": account, "power": power, "logs": logs}


drive(session)
