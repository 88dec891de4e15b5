import type { ChangeRequest } from '../change.ts';
import type { Controller } from '../controller.ts';
import type { Make, View } from '../document.ts';
import type { Document } from '../links.ts';
import type { Reply } from '../reply.ts';
import { assetTag } from './assettag.ts';
import { eraseFeature } from './erase.ts';
import type { Feature } from './kind.ts';
import { light } from './light.ts';
import { mains } from './mains.ts';
import { media } from './media.ts';
import { secureBootFeature } from './secureboot.ts';
import { serial } from './serial.ts';

const features: readonly Feature[] = [light, assetTag, media, secureBootFeature, mains, eraseFeature, serial];

export function featureDocument(path: string): Make | undefined {
  return features.map((one) => one.document?.(path)).find((make) => make !== undefined);
}

/** A document with what all features add to it. */
export function adorned(path: string, document: Document, view: View): Document {
  const properties = features.map((one) => one.adorn?.(path, view) ?? {});
  const actions = features.map((one) => one.actions?.(path, view) ?? {}).filter((some) => Object.keys(some).length > 0);
  const whole: Document = Object.assign({ ...document }, ...properties);
  const oem = [document, ...properties].flatMap(({ Oem }) => (Oem ? [Oem as Readonly<Record<string, object>>] : []));
  if (oem.length > 0) whole.Oem = oem.reduce(merged);
  if (actions.length > 0) whole.Actions = Object.assign({}, document.Actions, ...actions);
  return whole;
}

/** What several say of one vendor's own. */
function merged(one: Readonly<Record<string, object>>, other: Readonly<Record<string, object>>) {
  const vendors = Object.entries(other).map(([vendor, more]) => [vendor, { ...one[vendor], ...more }]);
  return { ...one, ...Object.fromEntries(vendors) };
}

export function featureMethods(path: string, controller: Controller): string[] {
  return features.flatMap((one) => one.methods?.(path, controller) ?? []);
}

export function featureAct(change: ChangeRequest): Reply | undefined {
  for (const one of features) {
    const reply = one.act?.(change);
    if (reply) return reply;
  }
  return undefined;
}
