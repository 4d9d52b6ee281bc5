/** What an action can name: in texts, and as fields of its conditions. */
import { useMemo } from 'react'
import type { ActionEntry, EventType } from '../api/types'
import type { AutomationDocument } from '../model/document'
import { type KnownField, knownFields, meantTypes } from '../model/events'
import { namesAt, type TemplateName } from '../model/templateNames'

export function useActionNames(
  document: AutomationDocument,
  id: string,
  types: readonly EventType[],
  catalogue: ReadonlyMap<string, ActionEntry>,
): { names: TemplateName[]; fields: KnownField[] } {
  return useMemo(() => {
    const outputsOf = (type: string) => Object.keys(catalogue.get(type)?.output?.properties ?? {})
    const seen = knownFields(meantTypes(document, types))
    const names = namesAt(document, id, seen, outputsOf)
    const before = names
      .filter(({ name }) => /^(steps|vars|item|index)\b/.test(name))
      .map(({ name }): KnownField => ({ path: name, type: 'unknown', examples: [], share: 1 }))
    return { names, fields: [...before, ...seen] }
  }, [document, id, types, catalogue])
}
