/** The words that may follow `farrier`. Each is read when it is asked for: all of them take longer than most answers. */
import type { Command } from 'commander';
import type { AskPassword } from './bmc/command.ts';
import type { Open } from './context.ts';
import type { DoctorChecks } from './doctor.ts';
import type { SigningIn } from './login.ts';
import type { MdbPlace } from './mdb/command.ts';

/** What commands need of the process around them. */
export interface CommandSurroundings {
  readonly open: Open;
  readonly checks: DoctorChecks;
  readonly askBmcPassword: AskPassword;
  readonly mdb: MdbPlace;
  readonly signingIn: SigningIn;
  /** Lets an import in where it reads from another system. */
  readonly sourceToken?: string | undefined;
  /** The commands that some words may mean. */
  readonly programFor: (args: readonly string[]) => Promise<Command>;
}

interface Word {
  readonly about: string;
  /** For programs, and not in the help. */
  readonly hidden?: true;
  /** Adds its command, and those of the words beside it. */
  readonly load: (program: Command, surroundings: CommandSurroundings) => Promise<void>;
}

/** A file of commands that need no more than the API and the screen. */
const plain =
  <Name extends string>(add: Name, file: () => Promise<Record<Name, (program: Command, open: Open) => void>>) =>
  async (program: Command, { open }: CommandSurroundings) =>
    (await file())[add](program, open);

const machine = async (program: Command, { open }: CommandSurroundings) => {
  const [{ addMachine }, { addAdopt }] = await Promise.all([import('./machine.ts'), import('./adopt.ts')]);
  addAdopt(addMachine(program, open), open);
};
const actions = plain('addActions', () => import('./actions.ts'));
const passages = plain('addPassages', () => import('./passages.ts'));
const completion = async (program: Command, { open, programFor }: CommandSurroundings) =>
  (await import('./completion/command.ts')).addCompletion(program, open, programFor);
const places = () => import('./places.ts');
const login = async (program: Command, { open, signingIn }: CommandSurroundings) =>
  (await import('./login.ts')).addLogin(program, open, signingIn);

/** By the heading that they stand under in `farrier --help`. */
export const words: Readonly<Record<string, Readonly<Record<string, Word>>>> = {
  'Machines:': {
    ls: { about: 'list machines, by place', load: machine },
    show: {
      about: 'show where a machine stands, why, since when, by whom, what comes next and what it waits for',
      load: machine,
    },
    machine: { about: 'the machines of the fleet', load: machine },
    hardware: {
      about: "what machines' controllers reported",
      load: plain('addHardware', () => import('./hardware.ts')),
    },
    burnin: { about: 'stress tests and benchmarks', load: plain('addBurnin', () => import('./fleet.ts')) },
    erasure: { about: 'the proof of erased disks', load: plain('addErasure', () => import('./erasure.ts')) },
    tag: { about: 'free tags of machines, for selectors and groups', load: plain('addTag', () => import('./tag.ts')) },
    bmc: {
      about: 'read and drive a management controller by hand',
      load: async (program, { open, askBmcPassword }) =>
        (await import('./bmc/command.ts')).addBmc(program, open, askBmcPassword),
    },
  },
  'Orders:': {
    birth: {
      about: 'order the birth of a machine; a MAC that nobody announced is announced by this',
      load: plain('addBirth', () => import('./order.ts')),
    },
    drain: { about: 'take a machine out of production when its work is done', load: actions },
    undrain: { about: 'stop a drain, or bring a machine back into production', load: actions },
    reboot: { about: 'drain a machine and reboot it', load: actions },
    power: { about: 'power by the controller, now and undrained', load: actions },
    rebirth: { about: 'install a machine anew, with burn-in, under its own address', load: passages },
    clean: { about: 'erase a machine with proof, for a new owner', load: passages },
    maintenance: { about: 'planned work on a machine, with the fewest reboots', load: passages },
    repair: { about: 'diagnose a machine and try one cure after the other until it is healthy', load: passages },
    retire: { about: 'erase a machine with proof, and take it out of the fleet for good', load: passages },
    order: { about: 'orders, and what became of them', load: plain('addOrder', () => import('./order.ts')) },
    flow: {
      about: 'what passages are made of, as the workers say that run them',
      load: plain('addFlow', () => import('./flow.ts')),
    },
    campaign: {
      about: 'one order over many machines, planned first',
      load: plain('addCampaign', () => import('./campaign.ts')),
    },
  },
  'What waits for people:': {
    tasks: {
      about: 'list the questions that wait, oldest first',
      load: plain('addTasks', () => import('./order.ts')),
    },
    step: { about: 'steps that wait for a person', load: plain('addStep', () => import('./order.ts')) },
    approval: {
      about: 'what waits for a second person',
      load: plain('addApproval', () => import('./approval.ts')),
    },
    ticket: { about: 'tickets, one a machine and fault', load: plain('addTicket', () => import('./ticket.ts')) },
    oncall: { about: 'who is on call for a team', load: plain('addOncall', () => import('./oncall.ts')) },
  },
  'The fleet:': {
    fleet: {
      about: 'the fleet by rack: is it as wanted, what does it consume, is it well',
      load: plain('addFleet', () => import('./views.ts')),
    },
    drift: {
      about: 'differences between machines and their profiles, and what is unknown',
      load: plain('addDrift', () => import('./drift.ts')),
    },
    reconcile: {
      about: 'compare machines with their profiles now, and show what was found and done',
      load: plain('addReconcile', () => import('./drift.ts')),
    },
    firmware: { about: 'versions that machines run', load: plain('addOutdatedFirmware', () => import('./drift.ts')) },
    profile: {
      about: 'profiles: the settings, versions and parts that machines should have',
      load: plain('addProfile', () => import('./profile.ts')),
    },
    pool: { about: 'policies of pools', load: plain('addPool', () => import('./guards.ts')) },
    capacity: {
      about: 'how much of each group must stay in service',
      load: plain('addCapacity', () => import('./guards.ts')),
    },
    brake: {
      about: 'the storm brake, which holds machines in production',
      load: plain('addBreaker', () => import('./guards.ts')),
    },
    semaphore: {
      about: 'permits to have machines of a group out of service',
      load: plain('addSemaphore', () => import('./semaphore.ts')),
    },
    disruption: {
      about: "the Dominator's disruption manager: exit code 0 is permitted, 1 requested, 2 denied",
      load: plain('addDisruption', () => import('./disruption.ts')),
    },
    rack: { about: 'racks: announcing them, and bringing their machines into service', load: plain('addRack', places) },
    network: { about: 'networks, and the addresses that are lent of them', load: plain('addNetwork', places) },
    switch: { about: 'switches, and where their ports lead', load: plain('addSwitch', places) },
    impact: {
      about: 'what hangs on a switch, a feed or a rack',
      load: plain('addImpact', () => import('./impact.ts')),
    },
    import: {
      about: 'announce the machines of an inventory: shows the plan, asks, and does it; may be repeated',
      load: async (program, { open, sourceToken }) =>
        (await import('./import.ts')).addImport(program, open, sourceToken),
    },
    export: {
      about: 'write the fleet as JSON or CSV, for the Dominator, for Ansible, or for Prometheus',
      load: plain('addExport', () => import('./export.ts')),
    },
    boot: { about: 'boot requests', load: plain('addBootStats', () => import('./fleet.ts')) },
    image: { about: 'system images', load: plain('addImage', () => import('./fleet.ts')) },
  },
  'Farrier itself:': {
    up: {
      about: 'bring up a whole Farrier on this machine, with simulated or virtual servers to give birth to',
      load: async (program) => {
        const { upCommand } = await import('./up/options.ts');
        program.addCommand(upCommand(async (options) => (await import('./up/terminal.ts')).upHere(options)));
      },
    },
    doctor: {
      about: 'check everything, and list what needs a person; exit code 1 when there is something',
      load: async (program, { open, checks }) => (await import('./doctor.ts')).addDoctor(program, open, checks),
    },
    completion: { about: 'completion of words for bash, zsh and fish', load: completion },
    complete: { about: 'what may stand next on a command line', hidden: true, load: completion },
    rehydrate: {
      about: 'bring back workflows that are missing for what the machine database has under way',
      load: plain('addRehydrate', () => import('./rehydrate.ts')),
    },
    audit: {
      about: 'who did what and why, and whether the record of it is whole',
      load: plain('addAudit', () => import('./audit.ts')),
    },
    policy: {
      about: 'versions of what people wrote as policy',
      load: plain('addPolicy', () => import('./policy.ts')),
    },
    token: {
      about: 'tokens, by which programs and people elsewhere say who they are',
      load: plain('addToken', () => import('./token.ts')),
    },
    person: {
      about: 'people with accounts, and what they may',
      load: async (program, { open, signingIn }) => (await import('./person.ts')).addPerson(program, open, signingIn),
    },
    provider: {
      about: 'the provider of accounts, by OpenID Connect',
      load: plain('addProvider', () => import('./provider.ts')),
    },
    login: {
      about: 'sign in at an API (--api), with a token or as a person, for the commands that follow',
      load: login,
    },
    logout: {
      about: 'sign out of a context, and forget it; a token that was made is good until it is revoked',
      load: login,
    },
    context: { about: 'the Farriers that you have signed in at', load: login },
    whoami: {
      about: 'say as whom the API knows you, and what you may',
      load: plain('addWhoami', () => import('./token.ts')),
    },
    mdb: {
      about: 'the machine database: a PostgreSQL of your own, and the first token',
      load: async (program, { open, mdb }) => (await import('./mdb/command.ts')).addMdb(program, open, mdb),
    },
  },
};
