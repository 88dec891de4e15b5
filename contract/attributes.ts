import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

/** The search attributes of every Farrier workflow: ten keywords, the most that a standard namespace holds. */
const keyword = (name: string) => defineSearchAttributeKey(name, SearchAttributeType.KEYWORD);

export const attributes = {
  machine: keyword('Machine'),
  rack: keyword('Rack'),
  stage: keyword('Stage'),
  opState: keyword('OpState'),
  bootState: keyword('BootState'),
  passage: keyword('Passage'),
  step: keyword('Step'),
  waitingOn: keyword('WaitingOn'),
  pool: keyword('Pool'),
  sku: keyword('Sku'),
} as const;
