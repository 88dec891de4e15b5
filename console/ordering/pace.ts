/** How fast a campaign may go, as a form. Pure. */
import type { CampaignRequest } from '../../contract/campaignschemas.ts';
import { standardPace } from '../../domain/campaign/campaign.ts';
import type { AnswerSchema } from '../../domain/question.ts';
import { type AnswerTexts, readFields } from '../inbox/texts.ts';

const number = (description: string, minimum: number, maximum: number) =>
  ({ type: 'integer', description, minimum, maximum }) as const;

export const paceSchema: AnswerSchema = {
  properties: {
    canary: number('Canaries: machines that must all succeed first', 0, 50),
    soakMinutes: number('Minutes that they must stay healthy', 0, 10_080),
    batch: number('Machines of a batch', 1, 1000),
    atOnce: number('Machines under way at once', 1, 1000),
    rackShare: number('Percent of a rack under way at once (no limit unless told)', 1, 100),
    feedShare: number('Percent of a feed', 1, 100),
    poolShare: number('Percent of a pool', 1, 100),
    haltCount: number('Failures at which it halts', 1, 100_000),
    haltShare: number('The same in percent of its machines; the smaller counts', 1, 100),
  },
  required: ['canary', 'soakMinutes', 'batch', 'atOnce', 'haltCount'],
};

export const standardPaceTexts: AnswerTexts = Object.fromEntries(
  Object.entries(standardPace).flatMap(([name, value]) =>
    typeof value === 'number' ? [[`data.${name}`, String(value)]] : [],
  ),
);

export function readPace(texts: AnswerTexts): NonNullable<CampaignRequest['pace']> {
  return readFields(paceSchema, texts) as NonNullable<CampaignRequest['pace']>;
}
