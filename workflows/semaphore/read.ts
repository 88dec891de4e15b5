/** Reads what is sent to a semaphore, by whoever has the stock CLI. A sentence tells what is wrong. */
import type { Eviction, PermitReference, PermitRequest } from '../../contract/semaphore.ts';
import { orderClasses } from '../../domain/machine.ts';
import { isObject, isOneOf, isText } from '../messages.ts';

const name = /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,199}$/;
const isName = (value: unknown): value is string => typeof value === 'string' && name.test(value);

export function readRequest(message: unknown): PermitRequest | string {
  if (!isObject(message)) return 'not an object like {"id": …, "machineId": …, "siteId": …, "class": …}';
  const { id, machineId, siteId, class: urgency, workflowId, orderId } = message;
  if (!isName(id)) return 'id must be 1 to 200 letters, digits, dots, dashes, colons, slashes or underscores';
  if (!isName(machineId)) return 'machineId is missing';
  if (!isName(siteId)) return 'siteId is missing';
  if (!isOneOf(orderClasses, urgency)) return `class is not one of ${orderClasses.join(', ')}`;
  if (workflowId !== undefined && !isName(workflowId)) return 'workflowId is not the id of a workflow';
  if (orderId !== undefined && !isName(orderId)) return 'orderId is not the id of an order';
  return { id, machineId, siteId, class: urgency, ...(workflowId && { workflowId }), ...(orderId && { orderId }) };
}

export function readReference(message: unknown): PermitReference | string {
  if (!isObject(message) || !isName(message['id'])) return 'not an object like {"id": …}';
  return { id: message['id'] };
}

export function readEviction(message: unknown): Eviction | string {
  if (!isObject(message)) return 'not an object like {"id": …, "by": …, "reason": …}';
  const { id, by, reason } = message;
  if (!isName(id)) return 'id is missing';
  if (!isText(by) || !isText(reason)) return 'by and reason must be non-empty strings: who takes it away, and why';
  return { id, by, reason };
}
