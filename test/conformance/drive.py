"""Drives one simulated controller with sushy, as Ironic does, and prints what it found as one line of JSON."""
import json
import sys
import time

import sushy
from sushy import auth

origin, username, password = sys.argv[1:4]
found = {}


def step(name, work):
    """Notes what a step gave, or the kind of error that it ended with."""
    try:
        found[name] = work()
    except Exception as error:  # noqa: BLE001: any error of a step is a finding
        found[name] = f"{type(error).__name__}: {error}"[:300]


root = sushy.Sushy(origin, auth=auth.SessionOrBasicAuth(username, password))
host = next(one for one in root.get_system_collection().get_members() if one.json.get("Actions"))


def power(wish, state):
    host.reset_system(wish)
    for _ in range(100):
        host.refresh(force=True)
        if host.power_state == state:
            return state.value
        time.sleep(0.05)
    return host.power_state.value


def boot():
    host.set_system_boot_options(target=sushy.BootSource.PXE, enabled=sushy.BootSourceOverrideEnabled.ONCE)
    host.refresh(force=True)
    return host.boot.target.value


def bios():
    name, value = sys.argv[4:6]
    host.bios.set_attribute(name, value)
    host.bios.refresh(force=True)
    return host.bios.pending_attributes.get(name)


def flash():
    service = root.get_update_service()
    monitor = service.simple_update(sys.argv[6])
    # Given a task in the answer, sushy polls the task in place of the monitor and takes its 200 for an end: the state
    # is what Ironic goes by, too.
    for attempt in range(200):
        # Some flash a BIOS at the next start of the host only, for which Ironic restarts it.
        if attempt == 80:
            host.reset_system(sushy.ResetType.ON)
        if monitor.get_task().task_state not in (sushy.TaskState.NEW, sushy.TaskState.RUNNING):
            break
        time.sleep(0.05)
    return {one.identity: one.version for one in service.firmware_inventory.get_members()}


step("version", lambda: root.redfish_version)
step("vendor", lambda: host.manufacturer)
step("resets", lambda: sorted(one.value for one in host.get_allowed_reset_system_values()))
step("memory", lambda: host.memory_summary.size_gib)
step("processors", lambda: len(host.processors.get_members()))
step("macs", lambda: len(host.ethernet_interfaces.get_members()))
step("drives", lambda: [len(one.drives) for one in host.storage.get_members()])
step("manager", lambda: root.get_manager_collection().get_members()[0].firmware_version)
step("chassis", lambda: root.get_chassis_collection().get_members()[0].chassis_type.value)
step("boot", boot)
step("bios", bios)
step("on", lambda: power(sushy.ResetType.ON, sushy.PowerState.ON))
step("off", lambda: power(sushy.ResetType.FORCE_OFF, sushy.PowerState.OFF))
step("sessions", lambda: len(root.get_session_service().sessions.get_members()))
step("flash", flash)
print(json.dumps(found))
