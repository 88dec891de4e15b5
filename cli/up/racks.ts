import { programService } from '../../host/program.ts';
import type { Supervisor } from '../../host/supervise.ts';
import type { RackPlan } from './options.ts';
import { apiOf, originsOf, ownProgram, type Setting } from './programs.ts';

// At the speed of life a simulated birth is a quarter of a minute of watching a self-test.
const speed = '4';

/** Starts the simulator, which announces its racks over the API and powers its machines on. */
export async function startRacks(setting: Setting, plan: RackPlan, supervisor: Supervisor): Promise<void> {
  const origins = originsOf('127.0.0.1', setting.ports);
  const program = ownProgram(setting, 'sim', 'sim/main.ts', {
    FARRIER_API: apiOf(setting.ports),
    FARRIER_SIM_SPEED: setting.shell['FARRIER_SIM_SPEED'] ?? speed,
    FARRIER_SIM_RACKS: String(plan.racks),
    FARRIER_SIM_LISTEN: `127.0.0.1:${setting.ports.sim}`,
    FARRIER_SIM_PER_RACK: String(plan.perRack),
    FARRIER_BOOT_URL: origins.boot,
    FARRIER_AGENT_URL: origins.agent,
  });
  await supervisor.start(programService(program));
}
