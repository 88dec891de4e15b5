import { stripVTControlCharacters, styleText } from 'node:util';
import { isOfferable, type Stage } from '../../domain/machine.ts';
import type { Supervised } from '../../host/supervise.ts';
import type { SetupStep } from './steps.ts';
import type { FleetFigures, UpMachine, UpRack } from './watch.ts';

/** Everything that the picture shows. */
export interface UpPicture {
  readonly steps: readonly SetupStep[];
  readonly services: readonly Supervised[];
  /** Null until the MDB can be read. */
  readonly fleet: FleetFigures | null;
  /** Machines that were asked for; those beyond the fleet have not been heard from. */
  readonly expected: number;
  /** Sentences for a person: what is unusual and goes on. */
  readonly notes: readonly string[];
  /** Titles and addresses or commands; empty until everything runs. */
  readonly places: readonly (readonly [title: string, place: string])[];
}

export interface Frame {
  readonly columns: number;
  /** Most lines that the picture may have. */
  readonly rows: number;
}

type Style = Parameters<typeof styleText>[0];
// Whether the terminal takes colours is decided where the lines are written.
const paint = (style: Style, text: string) => styleText(style, text, { validateStream: false });

const belt: readonly Stage[] = ['racked', 'registered', 'configured', 'profiled', 'deployed', 'in_service'];

/**
 * The whole picture, at max `rows` lines of at max `columns` characters, with colours. Steps that are done are
 * not in it: they were printed once, above.
 */
export function render(picture: UpPicture, frame: Frame): string[] {
  const head = picture.steps.filter((step) => step.state !== 'done').flatMap((step) => stepLines(step, frame.columns));
  const troubles = [
    ...picture.services.flatMap(serviceLines),
    ...picture.notes.map((note) => paint('yellow', `  ! ${note}`)),
  ];
  const places = placeLines(picture.places);
  const room = Math.max(4, frame.rows - head.length - troubles.length - places.length - 3);
  const fleet = picture.fleet ? fleetLines(picture, picture.fleet, frame.columns, room) : [];
  const blocks = [head, troubles, fleet, places].filter((block) => block.length > 0);
  const lines = blocks.flatMap((block, i) => (i === 0 ? block : ['', ...block]));
  return lines.slice(0, frame.rows).map((line) => cut(line, frame.columns));
}

const marks: Record<SetupStep['state'], string> = { waiting: '·', running: '▸', done: '✔', failed: '✘' };
const colours: Record<SetupStep['state'], Style> = { waiting: 'dim', running: 'cyan', done: 'green', failed: 'red' };

export function stepLine(step: SetupStep): string {
  const mark = paint(colours[step.state], marks[step.state]);
  const took = step.state === 'waiting' ? '' : formatSeconds(step.seconds);
  const bar = step.state === 'running' && step.share !== null ? `${meter(step.share, 20)} ` : '';
  const note = step.note === '' ? '' : paint('dim', step.note);
  return `${mark} ${step.title.padEnd(34)} ${took.padStart(7)}  ${bar}${note}`.trimEnd();
}

/** The same in as many lines as its note takes: what a person should know while they wait is not cut off. */
function stepLines(step: SetupStep, columns: number): string[] {
  const whole = stepLine(step);
  if (plainLength(whole) <= columns) return [whole];
  return [stepLine({ ...step, note: '' }), ...wrap(step.note, columns - 4).map((line) => `    ${paint('dim', line)}`)];
}

function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= columns) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** A service is only worth a line when it is not simply there. */
function serviceLines(service: Supervised): string[] {
  if (service.state !== 'restarting') return [];
  return [paint('red', `  ! ${service.name} ended (${service.lastEnd}) and is started again; log: ${service.log}`)];
}

function fleetLines(picture: UpPicture, fleet: FleetFigures, columns: number, room: number): string[] {
  const total = totalLine(picture, fleet);
  if (fleet.total === 0) return [total];
  const single = fleet.machines.length === fleet.total && fleet.total <= room - 2;
  if (single) return [total, '', ...fleet.machines.map((machine) => machineLine(machine, columns))];
  const racks = fleet.racks.map((rack) => rackLine(rack, columns));
  const more = racks.length - (room - 3);
  const shown =
    racks.length <= room - 2 ? racks : [...racks.slice(0, room - 3), paint('dim', `  … ${more} more racks`)];
  return [total, '', ...shown];
}

export function totalLine(picture: Pick<UpPicture, 'expected'>, fleet: FleetFigures): string {
  const goal = Math.max(picture.expected, fleet.total);
  const parts = [`${fleet.inService} of ${goal} in service`];
  if (fleet.total < goal) parts.push(`${goal - fleet.total} not heard from yet`);
  if (fleet.held > 0) parts.push(paint('yellow', `${fleet.held} held`));
  if (fleet.births) parts.push(birthTimes(fleet.births));
  return `${meter(goal === 0 ? 0 : fleet.inService / goal, 24)} ${parts.join(', ')}`;
}

function birthTimes(births: NonNullable<FleetFigures['births']>): string {
  const { min, median, max } = births;
  return min === max
    ? `birth took ${formatSeconds(max)}`
    : `births took ${formatSeconds(min)} to ${formatSeconds(max)}, median ${formatSeconds(median)}`;
}

const nameWidth = 16;

/** One machine on the belt, e.g. `▸ r01-u03  ━━━━━━━━━━╸─────── profiled  burnin 40 %  12 s`. */
export function machineLine(machine: UpMachine, columns: number): string {
  const { held, stage } = machine;
  const { opState, repairState = 'none' } = machine;
  const done = isOfferable({ stage, opState, repairState });
  const style: Style = held !== null ? 'yellow' : done ? 'green' : 'cyan';
  const mark = held !== null ? '▲' : done ? '✔' : '▸';
  const name = (machine.hostname?.split('.')[0] ?? machine.id).slice(0, nameWidth).padEnd(nameWidth);
  const track = belt.includes(stage) ? position(belt.indexOf(stage), 18) : ' '.repeat(18);
  const line = `${mark} ${name} ${track} ${stage.padEnd(11)}`;
  const doing = held ?? doingNow(machine, done);
  const room = columns - line.length - 9;
  return `${paint(style, line)} ${fill(doing, room)} ${formatSeconds(machine.seconds).padStart(7)}`;
}

function doingNow({ id, stage, opState, repairState = 'none', step, percent }: UpMachine, done: boolean): string {
  if (done) return id;
  const aside = stage === 'in_service' && opState !== 'production' ? opState : null;
  const sick = repairState === 'none' ? null : repairState;
  const work = step === null ? null : `${step}${percent === null ? '' : ` ${Math.round(percent)} %`}`;
  return [work, aside, sick].filter((part) => part !== null).join(', ');
}

function position(index: number, width: number): string {
  const done = Math.round(((index + 1) / belt.length) * width);
  return '━'.repeat(done) + '─'.repeat(width - done);
}

// From nothing to done, so that a rack's bar reads from right to left as its machines move along.
const shades: Readonly<Record<string, string>> = {
  racked: '·',
  registered: '░',
  configured: '▒',
  profiled: '▓',
  deployed: '█',
  in_service: '█',
};

/** One rack: a bar with a cell a machine, furthest first, and what is not in service in words. */
export function rackLine(rack: UpRack, columns: number): string {
  const name = (rack.rack ?? 'not placed').slice(0, nameWidth).padEnd(nameWidth);
  const width = Math.max(8, Math.min(48, columns - 60));
  const stages = belt.toReversed().filter((stage) => (rack.stages[stage] ?? 0) > 0);
  const cells = stages.map((stage) => {
    const share = Math.round(((rack.stages[stage] ?? 0) / rack.machines) * Math.min(width, rack.machines));
    return paint(stage === 'in_service' ? 'green' : 'cyan', (shades[stage] ?? '?').repeat(share));
  });
  const bar = cells.join('');
  const others = Object.entries(rack.stages).filter(([stage]) => stage !== 'in_service');
  const words = others.map(([stage, count]) => `${count} ${stage}`).join(', ');
  const held = rack.held > 0 ? paint('yellow', `  ${rack.held} held`) : '';
  const counted = `${rack.stages.in_service ?? 0}/${rack.machines}`.padStart(7);
  return `  ${name} ${bar}${' '.repeat(Math.max(0, Math.min(width, rack.machines) - plainLength(bar)))} ${counted}  ${words}${held}`;
}

function placeLines(places: UpPicture['places']): string[] {
  if (places.length === 0) return [];
  const width = Math.max(...places.map(([title]) => title.length)) + 2;
  return [
    paint('bold', 'Where to look'),
    ...places.map(([title, place]) => `  ${title.padEnd(width)}${paint('cyan', place)}`),
  ];
}

function meter(share: number, width: number): string {
  const done = Math.round(Math.min(1, Math.max(0, share)) * width);
  return paint('green', '━'.repeat(done)) + paint('dim', '─'.repeat(width - done));
}

/** `0.4 s`, `12 s`, `3:05`, `2:03:05`. */
export function formatSeconds(seconds: number): string {
  const spent = Math.max(0, seconds);
  if (spent < 9.95) return `${spent.toFixed(1)} s`;
  const whole = Math.round(spent);
  if (whole < 100) return `${whole} s`;
  const two = (value: number) => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

function fill(text: string, width: number): string {
  const room = Math.max(0, width);
  return text.length > room ? `${text.slice(0, Math.max(0, room - 1))}…` : text.padEnd(room);
}

function plainLength(line: string): number {
  return stripVTControlCharacters(line).length;
}

/** Cuts a painted line at a number of characters, keeping its colours whole. */
export function cut(line: string, columns: number): string {
  if (plainLength(line) <= columns) return line;
  let seen = 0;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one.
  return line.replace(/\u001b\[[0-9;]*m|[^\u001b]/gu, (piece) => {
    if (piece.startsWith('\u001b')) return piece;
    seen += 1;
    return seen < columns ? piece : seen === columns ? '…' : '';
  });
}
