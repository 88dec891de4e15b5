import type { Controller } from './controller.ts';
import type { Make, View } from './document.ts';
import { collection, type Document, linkTo, simServiceRoot } from './links.ts';
import type { UpdateRules } from './personality.ts';

const inventory = '/UpdateService/FirmwareInventory';

const updateService: Make = ({ personality }): Document => {
  const { simple, multipart, push, maxBytes, twoPhase } = personality.update;
  return {
    '@odata.type': '#UpdateService.v1_14_1.UpdateService',
    Id: 'UpdateService',
    Name: 'Updates',
    ServiceEnabled: true,
    ...(push && { HttpPushUri: push }),
    ...(multipart && { MultipartHttpPushUri: multipart }),
    ...(maxBytes !== null && { MaxImageSizeBytes: maxBytes }),
    FirmwareInventory: linkTo(inventory),
    ...((simple || twoPhase) && { Actions: actionsOf(personality.update) }),
  };
};

const actions = `${simServiceRoot}/UpdateService/Actions`;
const simpleInfo = '/UpdateService/SimpleUpdateActionInfo';

function actionsOf({ simple, twoPhase }: UpdateRules): Document {
  return {
    ...(simple && {
      '#UpdateService.SimpleUpdate': {
        target: `${actions}/UpdateService.SimpleUpdate`,
        ...(simple.info
          ? { '@Redfish.ActionInfo': simServiceRoot + simpleInfo }
          : { 'TransferProtocol@Redfish.AllowableValues': simple.protocols }),
      },
    }),
    ...(twoPhase && { '#UpdateService.StartUpdate': { target: `${actions}/UpdateService.StartUpdate` } }),
  };
}

const simpleUpdateInfo: Make = ({ personality: { update } }) =>
  update.simple?.info
    ? {
        '@odata.type': '#ActionInfo.v1_4_2.ActionInfo',
        Id: 'SimpleUpdateActionInfo',
        Name: 'Simple update',
        Parameters: [
          { Name: 'ImageURI', Required: true, DataType: 'String' },
          { Name: 'TransferProtocol', DataType: 'String', AllowableValues: update.simple.protocols },
        ],
      }
    : undefined;

/** Entries of the firmware inventory: name and version. */
function entries(controller: Controller): [string, string | null][] {
  const { entry, others } = controller.personality.update;
  const own = (['BMC', 'BIOS'] as const).map((component): [string, string] => {
    const version = controller.versionOf(component);
    return [entry(component, version), version];
  });
  return [...own, ...Object.entries(others)];
}

/** Update service, firmware inventory, task service: what is the same of all controllers but for data. */
export function serviceDocument(path: string): Make | undefined {
  if (path === '/UpdateService') return updateService;
  if (path === simpleInfo) return simpleUpdateInfo;
  if (path === inventory)
    return ({ controller }) =>
      collection(
        'SoftwareInventory',
        'Firmware',
        entries(controller).map(([id]) => `${inventory}/${id}`),
      );
  if (path.startsWith(`${inventory}/`)) return (view) => softwareOf(view, path.slice(inventory.length + 1));
  if (path === '/TaskService') return () => taskService;
  if (path === '/TaskService/Tasks')
    return ({ controller }) =>
      collection(
        'Task',
        'Tasks',
        controller.tasks.list().map(({ id }) => `/TaskService/Tasks/${id}`),
      );
  const task = /^\/TaskService\/Tasks\/([\w-]+)$/.exec(path)?.[1];
  if (!task) return undefined;
  return ({ controller }) => {
    const found = controller.tasks.find(task);
    return found && controller.tasks.document(found);
  };
}

function softwareOf({ controller }: View, wanted: string): Document | undefined {
  const found = entries(controller).find(([id]) => id === wanted);
  return (
    found && {
      '@odata.type': '#SoftwareInventory.v1_11_0.SoftwareInventory',
      Id: found[0],
      Name: found[0],
      Version: found[1],
      Updateable: true,
      Status: { State: 'Enabled', Health: 'OK' },
    }
  );
}

const taskService = {
  '@odata.type': '#TaskService.v1_2_1.TaskService',
  Id: 'TaskService',
  Name: 'Tasks',
  ServiceEnabled: true,
  CompletedTaskOverWritePolicy: 'Oldest',
  LifeCycleEventOnTaskStateChange: false,
  Tasks: linkTo('/TaskService/Tasks'),
};
