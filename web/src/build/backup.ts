/** What was typed in this browser and has not reached the server: kept through a reload, a crash, a lost connection. */
import { type AutomationDocument, isObject, openDocument, sameValue } from '../model/document'

export interface Backup {
  document: AutomationDocument
  /** What the server held when it was typed. */
  base: AutomationDocument
}

const backupKey = (id: string): string => `draft:${id}`

export function readBackup(id: string): Backup | null {
  try {
    const kept: unknown = JSON.parse(window.localStorage.getItem(backupKey(id)) ?? 'null')
    if (!isObject(kept)) return null
    return { document: openDocument(kept.document), base: openDocument(kept.base) }
  } catch {
    return null
  }
}

export function writeBackup(id: string, backup: Backup | null): void {
  try {
    if (backup === null) window.localStorage.removeItem(backupKey(id))
    else window.localStorage.setItem(backupKey(id), JSON.stringify(backup))
  } catch {
    // A browser without storage still saves to the server.
  }
}

/** Whether the server's document was changed by somebody else since the backup was typed. */
export const isOvertaken = (backup: Backup, saved: AutomationDocument): boolean =>
  !sameValue(saved, backup.base) && !sameValue(saved, backup.document)
