import { z } from 'zod';
import { cleanText, normaliseSerial, normaliseUuid, readUuid } from '../../domain/identity/identity.ts';
import { normaliseMac } from '../../domain/machine.ts';
import { normaliseChassis } from '../../domain/places/ports.ts';

/** Shapes of single fields of the agent's records: strings in, facts out. Messages follow a field's name. */
export const optionalText = z
  .string()
  .optional()
  .transform((text) => cleanText(text));

export const requiredText = z.string('is missing').transform((text, context) => {
  const clean = cleanText(text);
  if (clean === null) context.addIssue('is empty');
  return clean ?? '';
});

export const optionalSerial = z
  .string()
  .optional()
  .transform((text) => normaliseSerial(text));

export const optionalUuid = z
  .string()
  .optional()
  .transform((text) => normaliseUuid(text));

/** Identifiers that Farrier minted itself; one that is malformed is an error, not an absence. */
export const requiredUuid = z.string('is missing').refine((text) => readUuid(text) !== null, 'is not a UUID');

export const optionalMark = z
  .string()
  .optional()
  .transform((text) => readUuid(text));

export function numberField(min: number, max: number) {
  return z
    .string('is missing')
    .regex(/^-?\d{1,16}$/, 'is not a whole number')
    .transform(Number)
    .pipe(z.number().min(min, `is below ${min}`).max(max, `is above ${max}`));
}

/** Finite, in seconds or a benchmark's unit. */
export function decimal(min: number, max: number) {
  return z
    .string('is missing')
    .regex(/^-?\d{1,15}(\.\d{1,12})?$/, 'is not a number')
    .transform(Number)
    .pipe(z.number().min(min, `is below ${min}`).max(max, `is above ${max}`));
}

/** A figure that the kernel prints as -1, 0 or nothing while it does not know it, as a NIC's speed without carrier. */
export const optionalFigure = z
  .string()
  .optional()
  .transform((text) => (text !== undefined && /^[1-9]\d{0,8}$/.test(text) ? Number(text) : null));

export const flag = z.enum(['0', '1'], 'is neither 0 nor 1').transform((text) => text === '1');

/** A flag that is no reason to do without the part that shows it: null for whatever is neither 0 nor 1. */
export const lenientFlag = z
  .string()
  .optional()
  .transform((text) => (text === '1' ? true : text === '0' ? false : null));

export const macField = z.string('is missing').transform((text, context) => {
  const normal = normaliseMac(text);
  if (normal === null) context.addIssue(`${JSON.stringify(text.slice(0, 40))} is not the MAC of a device`);
  return normal ?? '';
});

export const chassisField = z
  .string()
  .optional()
  .transform((text) => (cleanText(text) === null ? null : normaliseChassis(cleanText(text) as string)));

/** `blank`, `farrier`, or the name of a foreign signature. */
export const content = z
  .string()
  .optional()
  .transform((text) => (/^[a-zA-Z0-9._+-]{1,64}$/.test(text ?? '') ? (text as string).toLowerCase() : 'unknown'));
