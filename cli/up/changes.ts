import type { SetupStep } from './steps.ts';
import { formatSeconds, type UpPicture } from './view.ts';
import type { FleetFigures, UpMachine } from './watch.ts';

/** What became different between two pictures, a plain line each: for logs and pipes, where nothing is redrawn. */
export function changes(before: UpPicture | null, after: UpPicture): string[] {
  return [
    ...after.steps.flatMap((step) => stepChange(before, step)),
    ...after.notes.filter((note) => !before?.notes.includes(note)),
    ...(before?.places.length ? [] : after.places.map(([title, place]) => `${title}: ${place}`)),
    ...serviceChanges(before, after),
    ...(after.fleet ? fleetChanges(before?.fleet ?? null, after.fleet, after.expected) : []),
  ];
}

/** What a step does now, told when it turns to something else; how far it is, behind the colon, is not. */
function stepChange(before: UpPicture | null, { title, state, note }: SetupStep): string[] {
  const matter = (text: string) => text.replace(/: [^:]*$/, '');
  const old = before?.steps.find((one) => one.title === title);
  if (state !== 'running' || note === '' || matter(old?.note ?? '') === matter(note)) return [];
  return [`${title}: ${matter(note)}`];
}

function serviceChanges(before: UpPicture | null, after: UpPicture): string[] {
  return after.services.flatMap((service) => {
    const old = before?.services.find((one) => one.name === service.name);
    if (old === undefined) return [];
    if (service.restarts > old.restarts)
      return [`${service.name} was started again after it had ended (${service.lastEnd})`];
    if (service.state === 'restarting' && old.state !== 'restarting') {
      return [`${service.name} ended (${service.lastEnd}); log: ${service.log}`];
    }
    return [];
  });
}

function fleetChanges(before: FleetFigures | null, after: FleetFigures, expected: number): string[] {
  const single = after.machines.length === after.total;
  if (single) return after.machines.flatMap((machine) => machineChange(before, machine));
  if (before && before.inService === after.inService && before.held === after.held && before.total === after.total)
    return [];
  const goal = Math.max(expected, after.total);
  return [`${after.total} of ${goal} machines heard from, ${after.inService} in service, ${after.held} held`];
}

function machineChange(before: FleetFigures | null, machine: UpMachine): string[] {
  const old = before?.machines.find((one) => one.id === machine.id);
  const name = machine.hostname ?? machine.id;
  if (machine.held !== null && machine.held !== old?.held) return [`${name} is held: ${machine.held}`];
  if (old?.stage === machine.stage && old.held === machine.held) return [];
  const way = old && old.stage !== machine.stage ? `${old.stage} → ${machine.stage}` : machine.stage;
  return [`${name} ${way} after ${formatSeconds(machine.seconds)}`];
}
