/** Who may do what, where: roles that are had for pools of machines and for teams. */

export const roles = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof roles)[number];

/** A role, and for what it is had. */
export interface Grant {
  readonly role: Role;
  /** For the machines of these pools; null: of all. */
  readonly pools: readonly string[] | null;
  /**
   * For what is asked of these teams; null: for everything. Who has a role for teams only reads all else of the pools: a
   * machine is no team's.
   */
  readonly teams: readonly string[] | null;
}

/** What something belongs to. A pool or team that is null: to none alone. */
export interface Belonging {
  readonly pool: string | null;
  readonly team: string | null;
}

/** What belongs to no pool and no team alone. */
export const wholeFleet: Belonging = { pool: null, team: null };

export function isEnough(role: Role | null, least: Role): boolean {
  return role !== null && roles.indexOf(role) >= roles.indexOf(least);
}

function holds(wanted: string | null, given: readonly string[] | null): boolean {
  return given === null || (wanted !== null && given.includes(wanted));
}

/** The role that somebody has for something; null: they do not even see it. */
export function roleFor(grants: readonly Grant[], { pool, team }: Belonging): Role | null {
  const had = grants
    .filter(({ pools }) => holds(pool, pools))
    .map(({ role, teams }) => (holds(team, teams) ? role : 'viewer'));
  return highest(had);
}

/** The role that somebody has for something, be it however little. */
export function highestRole(grants: readonly Grant[]): Role {
  return highest(grants.map(({ role }) => role)) ?? 'viewer';
}

function highest(some: readonly Role[]): Role | null {
  return roles.toReversed().find((role) => some.includes(role)) ?? null;
}

/** The pools whose machines somebody sees; null: all. */
export function poolsSeen(grants: readonly Grant[]): readonly string[] | null {
  if (grants.some(({ pools }) => pools === null)) return null;
  return [...new Set(grants.flatMap(({ pools }) => pools ?? []))];
}

/** Whether somebody is admin of all that is granted: nobody gives away more than they have. */
export function mayGrant(own: readonly Grant[], given: readonly Grant[]): boolean {
  const within = (some: readonly string[] | null, all: readonly string[] | null) =>
    all === null || (some?.every((one) => all.includes(one)) ?? false);
  return given.every((wanted) =>
    own.some(
      ({ role, pools, teams }) => role === 'admin' && within(wanted.pools, pools) && within(wanted.teams, teams),
    ),
  );
}

/** `operator of pool web`, `operator of pool web for team dc`, `admin of the whole fleet`. */
export function describeGrant({ role, pools, teams }: Grant): string {
  const named = (what: string, names: readonly string[]) => `${what}${names.length > 1 ? 's' : ''} ${names.join(', ')}`;
  const where = pools === null ? 'the whole fleet' : named('pool', pools);
  return `${role} of ${where}${teams === null ? '' : ` for ${named('team', teams)}`}`;
}
