import type { Controller } from './controller.ts';
import type { Make } from './document.ts';
import { collection } from './links.ts';

const path = '/AccountService/Roles';

/** The three roles of the standard, which nobody can change. */
const privileges: Readonly<Record<string, readonly string[]>> = {
  Administrator: ['Login', 'ConfigureManager', 'ConfigureUsers', 'ConfigureSelf', 'ConfigureComponents'],
  Operator: ['Login', 'ConfigureSelf', 'ConfigureComponents'],
  ReadOnly: ['Login', 'ConfigureSelf'],
};

export const roleIds = Object.keys(privileges);

export function roleDocument(wanted: string): Make | undefined {
  if (wanted === path)
    return () =>
      collection(
        'Role',
        'Roles',
        roleIds.map((id) => `${path}/${id}`),
      );
  const id = wanted.startsWith(`${path}/`) ? wanted.slice(path.length + 1) : '';
  if (!Object.hasOwn(privileges, id)) return undefined;
  return () => ({
    '@odata.type': '#Role.v1_3_3.Role',
    Id: id,
    Name: id,
    RoleId: id,
    IsPredefined: true,
    AssignedPrivileges: privileges[id],
  });
}

export interface UserRequest {
  readonly method: string;
  /** Below `/redfish/v1`, by the names used in here. */
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Whether a user's role allows it, by DMTF's registry of privileges (DSP8011). */
export function mayDo({ accounts, sessions }: Controller, user: string, request: UserRequest): boolean {
  const [id, account] = Object.entries(accounts).find(([, { username }]) => username === user) ?? [];
  const held = privileges[account?.role ?? 'Administrator'] ?? [];
  const session = /^\/SessionService\/Sessions\/([\w-]+)$/.exec(request.path)?.[1];
  const own =
    request.path === `/AccountService/Accounts/${id}` ||
    sessions.live().some((one) => one.id === session && one.username === user);
  return held.includes(neededFor(request, own));
}

function neededFor({ body, method, path: at }: UserRequest, own: boolean): string {
  const reading = method === 'GET' || method === 'HEAD';
  if (at.startsWith('/AccountService/Accounts/')) {
    const password = Object.keys(body).every((name) => name === 'Password' || name.startsWith('@'));
    return own && (reading || (method === 'PATCH' && password)) ? 'ConfigureSelf' : 'ConfigureUsers';
  }
  if (reading || (own && method === 'DELETE')) return 'Login';
  if (at.startsWith('/AccountService')) return 'ConfigureUsers';
  if (/\/(LogServices|VirtualMedia)\//.test(at)) return 'ConfigureManager';
  return /^\/(Systems|Chassis|UpdateService)/.test(at) ? 'ConfigureComponents' : 'ConfigureManager';
}
