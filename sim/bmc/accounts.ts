import { findFault } from '../faults.ts';
import type { Controller } from './controller.ts';
import { collection, type Document, link, type Make } from './document.ts';
import { empty, failure, missing, notFound, type Reply } from './reply.ts';

type Body = Readonly<Record<string, unknown>>;

const base = '/AccountService/Accounts';
const roles = '/AccountService/Roles';

const privileges: Readonly<Record<string, readonly string[]>> = {
  Administrator: ['Login', 'ConfigureManager', 'ConfigureUsers', 'ConfigureSelf', 'ConfigureComponents'],
  Operator: ['Login', 'ConfigureSelf', 'ConfigureComponents'],
  ReadOnly: ['Login', 'ConfigureSelf'],
};

/** The three roles of the standard, which nobody can change; every account here is an administrator. */
export function roleDocument(path: string): Make | undefined {
  if (path === roles)
    return () =>
      collection(
        'Role',
        'Roles',
        Object.keys(privileges).map((id) => `${roles}/${id}`),
      );
  const id = path.startsWith(`${roles}/`) ? path.slice(roles.length + 1) : '';
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

export const accountDocument =
  (id: string): Make =>
  ({ controller, personality }) => {
    const account = controller.accounts[id];
    const slot = personality.slots !== null && Number(id) >= 1 && Number(id) <= personality.slots;
    if (!account && !slot) return undefined;
    return {
      '@odata.type': '#ManagerAccount.v1_13_0.ManagerAccount',
      Id: id,
      Name: 'Account',
      UserName: account?.username ?? '',
      Password: null,
      Enabled: account !== undefined,
      RoleId: account ? 'Administrator' : 'None',
      PasswordChangeRequired: account !== undefined && mustChange(controller),
      Locked: controller.guard.locked,
      AccountTypes: ['Redfish'],
      Links: account ? { Role: link(`${roles}/Administrator`) } : {},
    };
  };

export function accountPaths({ accounts, personality }: Controller): string[] {
  const ids =
    personality.slots === null
      ? Object.keys(accounts)
      : Array.from({ length: personality.slots }, (_, n) => String(n + 1));
  return ids.map((id) => `${base}/${id}`);
}

export const accountService: Make = ({ personality }): Document => ({
  '@odata.type': '#AccountService.v1_15_0.AccountService',
  Id: 'AccountService',
  Name: 'Accounts',
  ServiceEnabled: true,
  MinPasswordLength: personality.passwords.least,
  MaxPasswordLength: personality.passwords.most,
  AccountLockoutThreshold: personality.lockout?.threshold ?? 0,
  AccountLockoutDuration: personality.lockout?.seconds ?? 0,
  AccountLockoutCounterResetAfter: personality.lockout?.seconds ?? 0,
  Accounts: link(base),
  Roles: link(roles),
});

export function mustChange({ machine }: Controller): boolean {
  return findFault(machine.state.faults, 'password-expired') !== undefined;
}

/** Quirk 18: nothing goes but a new password, and the message says where. */
export function changeRequired(controller: Controller, username: string): Reply {
  const own = Object.entries(controller.accounts).find(([, account]) => account.username === username);
  const url = `/redfish/v1${base}/${own?.[0] ?? '1'}`;
  return failure(
    403,
    'PasswordChangeRequired',
    `The password provided for this account must be changed before access is granted.  PATCH the Password property for this account located at the target URI '${url}' to complete this process.`,
    [url],
  );
}

export function patchAccount(controller: Controller, id: string, body: Body): Reply {
  const { personality } = controller;
  const old = controller.accounts[id];
  if (!old && (personality.slots === null || Number(id) < 2 || Number(id) > personality.slots))
    return Number(id) === 1 && personality.slots !== null
      ? failure(400, 'IDRAC.2.8.SYS426', 'Unable to change the account because the slot is reserved.')
      : notFound(`/redfish/v1${base}/${id}`);
  const { UserName: username = old?.username, Password: password } = body;
  if (username === '') return removeAccount(controller, id);
  if (typeof username !== 'string') return missing('UserName');
  if (password !== undefined || !old) {
    const wrong = checkPassword(controller, password);
    if (wrong) return wrong;
  }
  if (old && findFault(controller.machine.state.faults, 'password-ignored')) return empty;
  controller.setAccount(id, { username, password: typeof password === 'string' ? password : (old?.password ?? '') });
  if (password === undefined) return empty;
  if (mustChange(controller)) controller.machine.clearFault('password-expired');
  if (personality.passwordSignsOut) controller.sessions.closeOf(username);
  return empty;
}

export function createAccount(controller: Controller, body: Body): Reply {
  if (controller.personality.slots !== null)
    return failure(405, 'OperationNotAllowed', 'Accounts have fixed slots: change one that is free.');
  const { UserName: username, Password: password } = body;
  if (typeof username !== 'string' || username === '') return missing('UserName');
  const wrong = checkPassword(controller, password);
  if (wrong) return wrong;
  if (Object.values(controller.accounts).some((account) => account.username === username))
    return failure(400, 'ResourceAlreadyExists', `An account named ${username} exists.`, [username]);
  const id =
    controller.personality.accountIds === 'name'
      ? username
      : String(Math.max(0, ...Object.keys(controller.accounts).map(Number)) + 1);
  controller.setAccount(id, { username, password: String(password) });
  const path = `/redfish/v1${base}/${id}`;
  return {
    status: 201,
    headers: { location: path },
    body: { '@odata.id': path, Id: id, Name: 'Account', UserName: username },
  };
}

export function removeAccount(controller: Controller, id: string): Reply {
  if (!controller.accounts[id]) return notFound(`/redfish/v1${base}/${id}`);
  if (Object.keys(controller.accounts).length === 1)
    return failure(400, 'GeneralError', 'The last administrator stays.');
  controller.setAccount(id, null);
  return empty;
}

function checkPassword({ personality }: Controller, password: unknown): Reply | null {
  if (typeof password !== 'string') return missing('Password');
  const { least, most } = personality.passwords;
  if (password.length >= least && password.length <= most) return null;
  return failure(
    400,
    'PropertyValueFormatError',
    `The value for the property Password is not ${least} to ${most} characters long.`,
    ['******', 'Password'],
  );
}
