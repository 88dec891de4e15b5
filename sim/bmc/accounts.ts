import { findFault } from '../faults.ts';
import type { BmcAccount } from '../state.ts';
import type { Controller } from './controller.ts';
import type { Make } from './document.ts';
import { type Document, linkTo } from './links.ts';
import { roleIds } from './privileges.ts';
import { empty, failure, missing, notFound, notWritable, type Reply, wrongValue } from './reply.ts';

type Body = Readonly<Record<string, unknown>>;

const base = '/AccountService/Accounts';
const roles = '/AccountService/Roles';

export const accountDocument =
  (id: string): Make =>
  ({ controller, personality }) => {
    const account = controller.accounts[id];
    const slot = personality.slots !== null && Number(id) >= 1 && Number(id) <= personality.slots;
    if (!account && !slot) return undefined;
    const role = account ? roleOf(account) : 'None';
    return {
      '@odata.type': '#ManagerAccount.v1_13_0.ManagerAccount',
      Id: id,
      Name: 'Account',
      UserName: account?.username ?? '',
      Password: null,
      Enabled: account !== undefined && account.enabled !== false,
      RoleId: role,
      PasswordChangeRequired: account !== undefined && mustChange(controller),
      Locked: account !== undefined && controller.guard.locked(account.username),
      AccountTypes: account?.types ?? ['Redfish'],
      Links: roleIds.includes(role) ? { Role: linkTo(`${roles}/${role}`) } : {},
    };
  };

const roleOf = ({ role }: BmcAccount) => role ?? 'Administrator';
const isLeading = (account: BmcAccount) => roleOf(account) === 'Administrator' && account.enabled !== false;

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
  MinPasswordLength: personality.passwords.min,
  MaxPasswordLength: personality.passwords.max,
  AccountLockoutThreshold: personality.lockout?.threshold ?? 0,
  AccountLockoutDuration: personality.lockout?.seconds ?? 0,
  AccountLockoutCounterResetAfter: personality.lockout?.seconds ?? 0,
  Accounts: linkTo(base),
  Roles: linkTo(roles),
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
  if (body.UserName === '') return deleteAccount(controller, id);
  const { UserName: username = old?.username, Password: password } = body;
  if (typeof username !== 'string') return missing('UserName');
  const wrong = checkAccount(controller, body, old !== undefined);
  if (wrong) return wrong;
  const changed = accountOf(body, old ?? { username, password: '', ...freshSlot });
  if (old && isLeading(old) && !isLeading(changed) && isOnlyLeader(controller, id)) return lastStays;
  if (body.Locked === false) controller.guard.passed(username);
  if (old && password !== undefined && findFault(controller.machine.state.faults, 'password-ignored')) return empty;
  controller.setAccount(id, changed);
  if (old && (old.username !== username || changed.enabled === false)) controller.sessions.closeOf(old.username);
  if (password === undefined) return empty;
  if (mustChange(controller)) controller.machine.clearFault('password-expired');
  if (personality.passwordSignsOut) controller.sessions.closeOf(username);
  return empty;
}

/** What a slot that was free has unless it is told otherwise: nobody may do anything by it. */
const freshSlot = { role: 'None', enabled: false };

/** The account as a change leaves it. */
function accountOf({ UserName, Password, RoleId, Enabled, AccountTypes }: Body, old: BmcAccount): BmcAccount {
  return {
    ...old,
    ...(typeof UserName === 'string' && { username: UserName }),
    ...(typeof Password === 'string' && { password: Password }),
    ...(typeof RoleId === 'string' && { role: RoleId }),
    ...(typeof Enabled === 'boolean' && { enabled: Enabled }),
    ...(Array.isArray(AccountTypes) && { types: AccountTypes.map(String) }),
  };
}

const accountTypes = /^(Redfish|SNMP|OEM|HostConsole|ManagerConsole|IPMI|KVMIP|VirtualMedia|WebUI)$/;

/** Services that an account may use; one that is not for Redfish would be no account here. */
function areTypes(given: unknown): boolean {
  if (given === undefined) return true;
  return Array.isArray(given) && given.includes('Redfish') && given.every((one) => accountTypes.test(String(one)));
}

/** The refusal of a change that means nothing, before anything of it is done. */
function checkAccount(controller: Controller, body: Body, known: boolean): Reply | null {
  const { Password, RoleId, Enabled, Locked, UserName } = body;
  const writable = /^(UserName|Password|RoleId|Enabled|Locked|AccountTypes|@.*)$/;
  const strange = Object.keys(body).find((name) => !writable.test(name));
  if (strange) return notWritable(strange);
  if (Password !== undefined || !known) {
    const wrong = checkPassword(controller, Password);
    if (wrong) return wrong;
  }
  if (UserName !== undefined && typeof UserName !== 'string') return wrongValue(UserName, 'UserName');
  const role = RoleId === undefined || roleIds.includes(String(RoleId)) || (RoleId === 'None' && known);
  if (!role) return wrongValue(RoleId, 'RoleId');
  if (!areTypes(body.AccountTypes)) return wrongValue(JSON.stringify(body.AccountTypes), 'AccountTypes');
  if (Enabled !== undefined && typeof Enabled !== 'boolean') return wrongValue(Enabled, 'Enabled');
  // Only a controller locks an account; others may end it.
  return Locked === undefined || Locked === false ? null : wrongValue(Locked, 'Locked');
}

export function postAccount(controller: Controller, body: Body): Reply {
  if (controller.personality.slots !== null)
    return failure(405, 'OperationNotAllowed', 'Accounts have fixed slots: change one that is free.');
  const { UserName: username, Password: password, RoleId: role } = body;
  if (typeof username !== 'string' || username === '') return missing('UserName');
  if (role === undefined) return missing('RoleId');
  const wrong = checkAccount(controller, body, false);
  if (wrong) return wrong;
  if (Object.values(controller.accounts).some((account) => account.username === username))
    return failure(400, 'ResourceAlreadyExists', `An account named ${username} exists.`, [username]);
  const id =
    controller.personality.accountIds === 'name'
      ? username
      : String(Math.max(0, ...Object.keys(controller.accounts).map(Number)) + 1);
  controller.setAccount(id, accountOf(body, { username, password: String(password), enabled: true }));
  const path = `/redfish/v1${base}/${id}`;
  return {
    status: 201,
    headers: { location: path },
    body: { '@odata.id': path, Id: id, Name: 'Account', UserName: username, RoleId: role },
  };
}

export function deleteAccount(controller: Controller, id: string): Reply {
  const old = controller.accounts[id];
  if (!old) return notFound(`/redfish/v1${base}/${id}`);
  if (isLeading(old) && isOnlyLeader(controller, id)) return lastStays;
  controller.setAccount(id, null);
  controller.sessions.closeOf(old.username);
  return empty;
}

function isOnlyLeader({ accounts }: Controller, id: string): boolean {
  return !Object.entries(accounts).some(([other, account]) => other !== id && isLeading(account));
}

const lastStays = failure(400, 'GeneralError', 'The last administrator stays.');

function checkPassword({ personality }: Controller, password: unknown): Reply | null {
  if (typeof password !== 'string') return missing('Password');
  const { min, max } = personality.passwords;
  if (password.length >= min && password.length <= max) return null;
  return failure(
    400,
    'PropertyValueFormatError',
    `The value for the property Password is not ${min} to ${max} characters long.`,
    ['******', 'Password'],
  );
}
