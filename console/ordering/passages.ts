/** What can be ordered here, and what each passage is asked; what is left empty gets its default. Pure. */
import { eraseMethods, orderClasses, type Passage } from '../../domain/machine.ts';
import type { AnswerSchema } from '../../domain/question.ts';
import { postRebootStates, powerActions, severities } from '../../domain/requests.ts';
import { type AnswerTexts, readFields } from '../inbox/texts.ts';

export interface OrderForm {
  /** What it does, in a sentence. */
  readonly means: string;
  readonly schema: AnswerSchema;
  /** What stands in its fields at first. */
  readonly texts?: AnswerTexts;
}

const wipe = { type: 'boolean', description: 'Its disks may be wiped, whatever is on them' } as const;
const power = {
  type: 'string',
  description: 'Wait for its next reboot, or cycle its power',
  enum: ['wait', 'cycle'],
} as const;
const method = {
  type: 'string',
  description: 'How its disks are erased (as its pool says unless chosen)',
  enum: eraseMethods,
} as const;

export const orderForms = {
  drain: {
    means: 'Takes it out of production when its work is done.',
    schema: {
      properties: {
        afterDrain: {
          type: 'string',
          description: 'Where it goes when it is drained',
          enum: ['draining', 'intervention'],
        },
      },
    },
  },
  undrain: {
    means: 'Brings it back to production when it is healthy.',
    schema: { properties: { to: { type: 'string', description: 'Where it goes', enum: ['production', 'disabled'] } } },
  },
  reboot: {
    means: 'Drains it, reboots it, checks its health, and brings it back.',
    schema: {
      properties: {
        drain: { type: 'boolean', description: 'Drain it first' },
        postRebootState: { type: 'string', description: 'Where it goes afterwards', enum: postRebootStates },
      },
    },
    texts: { 'data.drain': 'true' },
  },
  power: {
    means: 'Switches its power now, without a drain.',
    schema: {
      properties: { action: { type: 'string', description: 'What is done', enum: powerActions } },
      required: ['action'],
    },
  },
  maintenance: {
    means: 'Firmware, BIOS and whatever else, drained first and soaked afterwards.',
    schema: {
      properties: {
        work: {
          type: 'string',
          description: 'Work, as a JSON list like [{"kind":"reboot"}]',
          maxLength: 8000,
        },
        soakMinutes: {
          type: 'integer',
          description: 'Minutes that it must stay healthy (as its pool says unless told)',
        },
        drain: { type: 'boolean', description: 'Drain it first' },
      },
      required: ['work'],
    },
    texts: { 'data.drain': 'true', 'data.work': '[{"kind":"reboot"}]' },
  },
  repair: {
    means: 'Tries one cure after the other, from looking on to hands and parts.',
    schema: {
      properties: {
        fault: { type: 'string', description: 'Name of the fault, like disk/S3Z8NB0K' },
        evidence: { type: 'string', description: 'What was seen' },
        severity: { type: 'string', description: 'Cure to begin with', enum: severities },
      },
      required: ['fault'],
    },
  },
  rebirth: { means: 'Installs it anew.', schema: { properties: { wipe, power } } },
  birth: { means: 'Installs it for the first time.', schema: { properties: { wipe } } },
  clean: {
    means: 'Erases its disks with proof, for a new owner. What is on them is lost.',
    schema: { properties: { method, owner: { type: 'string', description: 'Who gets it then' }, power } },
  },
  retire: {
    means: 'Erases its disks and takes it out of the fleet. What is on them is lost.',
    schema: { properties: { method } },
  },
} as const satisfies Readonly<Record<Passage, OrderForm>>;

export const urgencies = orderClasses;

/** The request that the fields tell; a sentence where they tell none. */
export function readRequestOf(passage: Passage, texts: AnswerTexts): Record<string, unknown> | string {
  const { schema }: OrderForm = orderForms[passage];
  const told = readFields(schema, texts) ?? {};
  if (typeof told['work'] !== 'string') return told;
  try {
    return { ...told, work: JSON.parse(told['work']) as unknown };
  } catch {
    return 'work is no JSON';
  }
}
