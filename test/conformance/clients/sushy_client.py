"""sushy, which OpenStack Ironic speaks Redfish with: it has no accounts and reads no logs."""
import sushy
from steps import IMAGE, drive, until
from sushy import auth


def session(origin):
    root = sushy.Sushy(origin, verify=False, auth=auth.SessionOrBasicAuth("admin", "simulated"))
    host = next(one for one in root.get_system_collection().get_members() if one.json.get("Actions"))

    def power():
        host.reset_system(sushy.ResetType.ON)

        def look():
            host.refresh(force=True)
            return host.power_state.value

        return until(look, "On")

    def boot():
        host.set_system_boot_options(target=sushy.BootSource.PXE, enabled=sushy.BootSourceOverrideEnabled.ONCE)
        host.refresh(force=True)
        return host.boot.target.value

    def media():
        drives = []
        for owner in [*root.get_manager_collection().get_members(), host]:
            try:
                drives += owner.virtual_media.get_members()
            except sushy.exceptions.MissingAttributeError:
                continue
        drive_of_cds = next((one for one in drives if sushy.VIRTUAL_MEDIA_CD in one.media_types), None)
        if drive_of_cds is None:
            return "it offers none"
        drive_of_cds.insert_media(IMAGE)
        drive_of_cds.refresh(force=True)
        seen = drive_of_cds.inserted
        drive_of_cds.eject_media()
        drive_of_cds.refresh(force=True)
        return f"{seen} {drive_of_cds.inserted}"

    return {"boot": boot, "media": media, "power": power}


drive(session)
