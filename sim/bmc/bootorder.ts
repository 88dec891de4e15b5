import { macOf } from '../hardware.ts';
import type { Controller } from './controller.ts';
import type { Make, View } from './document.ts';
import { collection, type Document } from './links.ts';
import type { BootOptionRule } from './personality.ts';
import { type Reply, wrongValue } from './reply.ts';

const path = '/Systems/1/BootOptions';

const rulesOf = ({ personality }: Pick<View, 'personality'>) => personality.boot.options ?? [];

export function bootOrderOf(controller: Controller): readonly string[] {
  return controller.machine.state.bootOrder ?? rulesOf(controller).map(({ reference }) => reference);
}

export const bootOptions: Make = (view) =>
  rulesOf(view).length > 0
    ? collection(
        'BootOption',
        'Boot options',
        rulesOf(view).map((rule) => `${path}/${rule.id}`),
      )
    : undefined;

export const bootOption =
  (id: string): Make =>
  (view) => {
    const rule = rulesOf(view).find((one) => one.id === id);
    return rule && optionOf(rule, view);
  };

function optionOf({ id, reference, shown }: BootOptionRule, { hardware }: View): Document {
  return {
    '@odata.type': '#BootOption.v1_0_6.BootOption',
    Id: id,
    Name: reference,
    BootOptionReference: reference,
    ...shown(macOf(hardware)),
  };
}

/** The refusal of an order: only another one of the same is taken. */
export function checkOrder(controller: Controller, given: unknown): Reply | null {
  const order: unknown[] = Array.isArray(given) ? given : [];
  const options = bootOrderOf(controller);
  const same = order.length === options.length && options.every((one) => order.includes(one));
  return same ? null : wrongValue(JSON.stringify(given), 'BootOrder');
}

export function writeBootOrder(controller: Controller, given: readonly unknown[]): void {
  const { machine } = controller;
  const order = given.map(String);
  machine.state.bootOrder = order;
  machine.state.diskFirst = rulesOf(controller).find(({ reference }) => reference === order[0])?.kind === 'disk';
  machine.note('boot-order', { order, by: 'bmc' });
  machine.changed();
}
