import { findFault } from '../faults.ts';
import type { Controller } from './controller.ts';
import { type Image, readImageFile } from './image.ts';
import { failure, missing, type Reply, said, wrongValue } from './reply.ts';
import { completed, type Finish, type TaskEnd } from './tasks.ts';

export interface UploadRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The beginning of the body. */
  readonly body: string;
  /** Size of the whole body. */
  readonly bytes: number;
}

/** Takes an image by upload, bare or as multipart/form-data. */
export function takeUpload(controller: Controller, upload: UploadRequest, how: 'multipart' | 'push'): Reply {
  const { update } = controller.personality;
  if (update.chunked === 'refuse' && upload.headers['transfer-encoding'] !== undefined)
    return failure(411, 'GeneralError', 'Content-Length is required.');
  if (update.maxBytes !== null && upload.bytes > update.maxBytes)
    return failure(413, 'PayloadTooLarge', `The image is larger than ${update.maxBytes} bytes.`);
  if (how === 'push') return begin(controller, async () => upload.body, true);
  const parts = partsOf(upload);
  if (parts?.UpdateParameters === undefined) return missing('UpdateParameters');
  if (parts.UpdateFile === undefined) return missing('UpdateFile');
  const { UpdateFile } = parts;
  return begin(controller, async () => UpdateFile, true);
}

/** Parts of multipart/form-data by name; only the beginning of the file is there. */
function partsOf({ headers, body }: UploadRequest): Record<string, string> | null {
  const boundary = /^multipart\/form-data;.*boundary="?([^";]+)"?/i.exec(String(headers['content-type'] ?? ''))?.[1];
  if (!boundary) return null;
  const parts: Record<string, string> = {};
  for (const part of body.split(`--${boundary}`)) {
    const end = part.indexOf('\r\n\r\n');
    const name = /\bname="?([^";\r]+)"?/i.exec(part.slice(0, end))?.[1];
    if (end >= 0 && name) parts[name] = part.slice(end + 4);
  }
  return parts;
}

/** SimpleUpdate: the controller fetches the image itself, from this machine only. */
export function simpleUpdate(controller: Controller, body: Readonly<Record<string, unknown>>): Reply {
  const { simple } = controller.personality.update;
  const { ImageURI: uri, TransferProtocol: protocol, Targets: targets = [] } = body;
  const time = body['@Redfish.OperationApplyTime'] ?? 'Immediate';
  if (time !== 'Immediate') return wrongValue(time, '@Redfish.OperationApplyTime');
  if (!Array.isArray(targets) || targets.length > 0) return wrongValue(JSON.stringify(targets), 'Targets');
  if (typeof uri !== 'string') return missing('ImageURI');
  const url = URL.canParse(uri) ? new URL(uri) : null;
  const scheme = url?.protocol.slice(0, -1).toUpperCase() ?? '';
  if (!url || !simple?.protocols.includes(scheme)) return wrongValue(uri, 'ImageURI');
  if (protocol !== undefined && !simple.protocols.includes(String(protocol)))
    return wrongValue(protocol, 'TransferProtocol');
  const { Username: username, Password: password } = body;
  if (username !== undefined) Object.assign(url, { username: String(username), password: String(password ?? '') });
  return begin(controller, () => fetchStart(url), simple.location);
}

async function fetchStart(url: URL): Promise<string> {
  if (!/^http:$/.test(url.protocol) || !/^127\./.test(url.hostname)) throw new Error(`${url.hostname} is out of reach`);
  const { username, password } = url;
  const bare = Object.assign(new URL(url), { username: '', password: '' });
  const login = `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')}`;
  const headers = username === '' ? {} : { authorization: login };
  const response = await fetch(bare, { headers, signal: AbortSignal.timeout(10_000), redirect: 'error' });
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return (await response.text()).slice(0, 1024);
}

/** StartUpdate: flashes what was uploaded and verified before. */
export function startUpdate(controller: Controller): Reply {
  const { staged } = controller;
  if (staged === null) return failure(400, 'GeneralError', 'No verified image waits to be updated.');
  controller.staged = null;
  return flash(controller, async () => staged, true);
}

function begin(controller: Controller, image: () => Promise<string>, location: boolean): Reply {
  const { update } = controller.personality;
  if (controller.flashing) return update.busy;
  if (!update.twoPhase) return flash(controller, image, location);
  const task = controller.tasks.begin('BIOS/BMC verify', update.seconds / 4, async () => {
    const start = await image();
    if (!readImageFile(start)) return refused;
    controller.staged = start;
    return completed;
  });
  return controller.tasks.accepted(task);
}

const refused: TaskEnd = {
  state: 'Exception',
  status: 'Critical',
  message: 'The image is not one for this system.',
  messageId: 'Update.1.1.0.VerificationFailed',
};

function flash(controller: Controller, image: () => Promise<string>, location: boolean): Reply {
  const { machine, personality, tasks } = controller;
  controller.flashing = true;
  const stuck = findFault(machine.state.faults, 'bad-flash')?.how === 'stuck';
  const task = stuck
    ? tasks.await('Update')
    : tasks.begin('Update', personality.update.seconds, (live) => endFlash(controller, image, live));
  // Quirk 58: some say only that they have begun.
  return location ? tasks.accepted(task) : said('Success', 'The update has been started.');
}

async function endFlash(controller: Controller, image: () => Promise<string>, live: () => boolean): Promise<Finish> {
  controller.flashing = false;
  const how = findFault(controller.machine.state.faults, 'bad-flash')?.how;
  if (how === 'exception') return { ...refused, messageId: 'Update.1.1.0.ApplyFailed', message: 'The update failed.' };
  if (how === 'critical')
    return { ...completed, status: 'Critical', messageId: 'IDRAC.2.8.JCP052', message: 'The job made no progress.' };
  if (how === 'unchanged') return completed;
  const found = readImageFile(await image());
  if (!found || !live()) return refused;
  if (found.component === 'BIOS' && controller.personality.update.bios === 'at-post')
    return stageBios(controller, found);
  apply(controller, found);
  return completed;
}

/** Flashed by the next POST, for which the task waits. */
function stageBios({ kept, machine }: Controller, { version }: Image): Finish {
  kept.flash = version;
  machine.changed();
  return { met: () => machine.state.controller?.flash === undefined, name: 'Firmware Update: BIOS' };
}

function apply(controller: Controller, { component, version }: Image): void {
  const { machine, kept } = controller;
  machine.note('firmware-flashed', { component, from: controller.versionOf(component), to: version });
  kept.firmware = { ...kept.firmware, [component]: version };
  machine.changed();
  if (component === 'BMC') controller.restart('update');
}
