import { pgEnum } from 'drizzle-orm/pg-core';
import {
  actorClasses,
  bootStates,
  imageKinds,
  intentStates,
  opStates,
  orderClasses,
  orderStates,
  passages,
  repairStates,
  stages,
  stepStates,
} from '../../domain/machine.ts';

export const bootState = pgEnum('boot_state', bootStates);
export const opState = pgEnum('op_state', opStates);
export const stage = pgEnum('stage', stages);
export const repairState = pgEnum('repair_state', repairStates);
export const passage = pgEnum('passage', passages);
export const imageKind = pgEnum('image_kind', imageKinds);
export const orderClass = pgEnum('order_class', orderClasses);
export const orderState = pgEnum('order_state', orderStates);
export const stepState = pgEnum('step_state', stepStates);
export const intentState = pgEnum('intent_state', intentStates);
export const actorClass = pgEnum('actor_class', actorClasses);
