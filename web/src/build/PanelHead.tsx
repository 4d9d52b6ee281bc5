/** What every panel begins with, and what is wrong with its fields. */
import { ActionIcon } from '@mantine/core'
import { IconX } from '@tabler/icons-react'
import type { AutomationDocument } from '../model/document'
import { type Problem, placeOf } from '../model/problems'

/** The first problem of each field of a node. */
export function fieldProblems(
  document: AutomationDocument,
  problems: readonly Problem[],
  node: string | null,
) {
  const found = new Map<string, string>()
  for (const problem of problems) {
    const place = placeOf(document, problem.pointer)
    if (place.node === node && place.field && !found.has(place.field)) found.set(place.field, problem.message)
  }
  return found
}

export function PanelHead({
  title,
  note,
  onClose,
}: {
  title: string
  note?: string | undefined
  onClose?: () => void
}) {
  return (
    <div className="panel-head">
      <div>
        <h2>{title}</h2>
        {note && <p>{note}</p>}
      </div>
      {onClose && (
        <ActionIcon variant="subtle" color="gray" aria-label="Close the panel" onClick={onClose}>
          <IconX size={18} color="var(--ink-soft)" />
        </ActionIcon>
      )}
    </div>
  )
}
