import { findFault } from '../../faults.ts';
import type { ChangeRequest } from '../change.ts';
import type { Controller } from '../controller.ts';
import { collection, type Document, linkTo, simServiceRoot } from '../links.ts';
import { empty, failure, missing, notWritable, type Reply, wrongValue } from '../reply.ts';
import type { Feature } from './kind.ts';
import type { MediaRule } from './rules.ts';

const pathOf = ({ at, id }: MediaRule) => `${at}/VirtualMedia/${id}`;

/** Virtual media (quirk 64): where they are, what they take and how they are emptied is each family's own. */
export const media: Feature = {
  document(path) {
    const at = /^(\/(?:Systems|Managers)\/1)\/VirtualMedia$/.exec(path)?.[1];
    if (at)
      return ({ personality }) => {
        const own = personality.features.media.filter((rule) => rule.at === at);
        return own.length > 0 ? collection('VirtualMedia', 'Virtual media', own.map(pathOf)) : undefined;
      };
    if (!/^\/(Systems|Managers)\/1\/VirtualMedia\/\w+$/.test(path)) return undefined;
    return ({ controller }) => {
      const rule = ruleAt(controller, path);
      return rule && driveDocument(controller, rule);
    };
  },
  adorn(path, { personality }) {
    const has = personality.features.media.some(({ at }) => at === path);
    return has ? { VirtualMedia: linkTo(`${path}/VirtualMedia`) } : {};
  },
  methods(path, controller) {
    return ruleAt(controller, path)?.how === 'patch' ? ['PATCH'] : [];
  },
  act(change) {
    const { body, controller, method, path } = change;
    const [, at = '', action] = /^(.+)\/Actions\/VirtualMedia\.(InsertMedia|EjectMedia)$/.exec(path) ?? [];
    const rule = ruleAt(controller, action ? at : path);
    if (!rule) return undefined;
    if (method === 'PATCH' && rule.how === 'patch') return patch(change, rule);
    if (method !== 'POST' || rule.how !== 'action' || !action) return undefined;
    return action === 'InsertMedia' ? insert(controller, rule, body) : eject(controller, rule);
  },
};

function ruleAt({ personality }: Controller, path: string): MediaRule | undefined {
  return personality.features.media.find((rule) => pathOf(rule) === path);
}

function driveDocument({ kept }: Controller, rule: MediaRule): Document {
  const path = pathOf(rule);
  const image = kept.media?.[path] ?? null;
  const action = (name: string) => ({
    [`#VirtualMedia.${name}`]: { target: `${simServiceRoot}${path}/Actions/VirtualMedia.${name}` },
  });
  const ejects = rule.ejectShown === 'always' || image !== null;
  return {
    '@odata.type': '#VirtualMedia.v1_6_4.VirtualMedia',
    Id: rule.id,
    Name: 'Virtual media',
    MediaTypes: rule.types,
    Image: image,
    ImageName: image?.split('/').at(-1) ?? null,
    Inserted: image !== null,
    ConnectedVia: image === null ? 'NotConnected' : 'URI',
    WriteProtected: true,
    TransferMethod: image === null ? null : 'Stream',
    TransferProtocolType: image === null ? null : new URL(image).protocol.slice(0, -1).toUpperCase(),
    UserName: null,
    Password: null,
    ...(rule.how === 'action' && { Actions: { ...action('InsertMedia'), ...(ejects && action('EjectMedia')) } }),
  };
}

function insert(controller: Controller, rule: MediaRule, body: ChangeRequest['body']): Reply {
  const { Image: image, ...others } = body;
  if (typeof image !== 'string' || !URL.canParse(image))
    return image === undefined ? missing('Image') : wrongValue(image, 'Image');
  const strange = Object.keys(others).find((name) => !rule.takes.includes(name));
  if (strange) return notWritable(strange);
  const lacking = rule.needs.find((name) => others[name] === undefined);
  if (lacking) return missing(lacking);
  const wrong = checkManner(others, new URL(image));
  if (wrong) return wrong;
  if (controller.kept.media?.[pathOf(rule)] !== undefined)
    return failure(409, 'ResourceInUse', 'The drive holds an image: eject that first.');
  put(controller, rule, image);
  return empty;
}

/** How the image is read: as a stream that nobody writes to, over the protocol of its address. */
function checkManner(given: ChangeRequest['body'], { protocol }: URL): Reply | null {
  const scheme = protocol.slice(0, -1).toUpperCase();
  const only: Readonly<Record<string, unknown>> = {
    Inserted: true,
    WriteProtected: true,
    TransferMethod: 'Stream',
    TransferProtocolType: scheme,
  };
  const wrong = Object.keys(only).find((name) => given[name] !== undefined && given[name] !== only[name]);
  return wrong === undefined ? null : wrongValue(given[wrong], wrong);
}

function eject(controller: Controller, rule: MediaRule): Reply {
  if (!findFault(controller.machine.state.faults, 'stuck-media')) put(controller, rule, null);
  return empty;
}

function patch({ body, controller }: ChangeRequest, rule: MediaRule): Reply {
  const { Image: image, Inserted: inserted } = body;
  if (image === null || inserted === false) return eject(controller, rule);
  return insert(controller, rule, body);
}

function put(controller: Controller, rule: MediaRule, image: string | null): void {
  const path = pathOf(rule);
  const { [path]: before, ...others } = controller.kept.media ?? {};
  controller.kept.media = image === null ? others : { ...others, [path]: image };
  if (image !== null) controller.machine.note('media-inserted', { drive: rule.id, image });
  else if (before !== undefined) controller.machine.note('media-ejected', { drive: rule.id, image: before });
  controller.machine.changed();
}
