/** The conditions of an action or of a branch's way, by the same editor as those of the trigger. */
import { useCallback, useMemo } from 'react'
import type { AutomationDocument, Json } from '../model/document'
import type { KnownField } from '../model/events'
import type { Operation } from '../model/operations'
import type { Problem } from '../model/problems'
import { ConditionsEditor } from './ConditionsEditor'

interface Props {
  title: string
  /** What no conditions mean here. */
  nothing: string
  raw: unknown
  /** Where they stand in the document. */
  pointer: string
  fields: readonly KnownField[]
  problems: readonly Problem[]
  onChange: (conditions: Json | undefined) => void
}

const AT_TRIGGER = '/trigger/conditions'

export function ActionConditions({ title, nothing, raw, pointer, fields, problems, onChange }: Props) {
  const document = useMemo((): AutomationDocument => {
    const trigger = raw === undefined || raw === null ? {} : { conditions: raw as Json }
    return { name: '', actions: [], trigger }
  }, [raw])
  const act = useCallback(
    (operation: Operation) => {
      if (operation.kind === 'setConditions') onChange(operation.conditions)
    },
    [onChange],
  )
  const own = problems
    .filter((problem) => problem.pointer === pointer || problem.pointer.startsWith(`${pointer}/`))
    .map((problem) => ({ ...problem, pointer: AT_TRIGGER + problem.pointer.slice(pointer.length) }))
  return (
    <ConditionsEditor
      title={title}
      nothing={nothing}
      document={document}
      fields={fields}
      problems={own}
      act={act}
    />
  )
}
