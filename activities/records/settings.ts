import { changedOf, type SettingsDocument, withoutSecrets } from '../../domain/drift/settings.ts';
import { judgeDocument } from '../../domain/records/changes.ts';
import { inPartOrder } from '../../domain/records/parts.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { keepDocuments } from '../../mdb/controllers/inventory.ts';
import { readBios } from '../../redfish/bios.ts';
import type { Probe } from '../../redfish/probe.ts';
import { readFirmware } from '../../redfish/read/firmware.ts';
import { openReader, throwPassing } from '../../redfish/read/reader.ts';
import type { Session } from '../../redfish/session.ts';
import type { SystemReading } from '../../redfish/system.ts';
import { hashOf } from './inventory.ts';

/** Reads BIOS settings and versions and keeps them; nothing is concluded from what could not be read for the moment. */
export async function keepSettings(
  mdb: Mdb,
  session: Session,
  { system, probe }: { readonly system: SystemReading; readonly probe: Probe },
  machineId: string,
): Promise<void> {
  const reader = await openReader(session);
  const bios = await readBios(session, probe);
  const firmware = inPartOrder(await readFirmware(reader));
  throwPassing(reader.gaps);
  const partial = reader.gaps.length > 0 || system.power !== 'On';
  const attributes = withoutSecrets(bios?.attributes ?? {});
  await keepDocuments(mdb, machineId, probe.basis.firmware, (kept) => {
    const before = kept.get('bios')?.document as SettingsDocument | undefined;
    const settings: SettingsDocument = { attributes, changed: changedOf(before, attributes, new Date()) };
    const versions = judgeDocument('firmware', kept.get('firmware')?.document, firmware, partial);
    const documents = { bios: settings, firmware: versions.document };
    return {
      documents: Object.entries(documents).map(([kind, document]) => ({ kind, document, hash: hashOf(document) })),
      changes: versions.changes,
    };
  });
}
