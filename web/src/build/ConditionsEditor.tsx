/** The conditions of a trigger: rows and groups, and below them what they would have matched. */
import { Text } from '@mantine/core'
import { useCallback, useEffect, useId, useMemo, useRef, useState } from 'react'
import { placeProblems, readTree, type Tree, type WrittenTree, writeTree } from '../model/conditions'
import { type AutomationDocument, sameValue } from '../model/document'
import type { KnownField } from '../model/events'
import type { Operation } from '../model/operations'
import type { Problem } from '../model/problems'
import { AddButtons, PartList } from './ConditionParts'
import { type ConditionContext, ConditionsContext } from './conditionContext'
import './conditions.css'

interface Props {
  document: AutomationDocument
  fields: readonly KnownField[]
  /** Those that point into the conditions. */
  problems: readonly Problem[]
  act: (operation: Operation) => void
  title?: string
  /** What it means that there are none. */
  nothing?: string
}

let lastKey = 0
const newKey = (): string => {
  lastKey += 1
  return `new-${lastKey}`
}

/** Whether the document says what is written; nothing and an empty mapping are one thing. */
function isSaid(document: AutomationDocument, { conditions, top }: WrittenTree): boolean {
  const plain = (value: unknown) => (sameValue(value, {}) || sameValue(value, []) ? null : (value ?? null))
  return (
    sameValue(plain(document.trigger?.conditions), plain(conditions)) &&
    sameValue(plain(document.conditions), plain(top))
  )
}

export function ConditionsEditor({
  document,
  fields,
  problems,
  act,
  title = 'Conditions',
  nothing = 'None: every such event starts it.',
}: Props) {
  const [tree, setTree] = useState(() => readTree(document))
  const headingId = useId()
  const frame = useRef<HTMLDivElement>(null)
  const latest = useRef({ tree, document })
  latest.current = { tree, document }
  const written = useMemo(() => writeTree(tree), [tree])
  const placed = useMemo(() => placeProblems(problems, written.pointers), [problems, written])

  useEffect(() => {
    setTree((standing) => (isSaid(document, writeTree(standing)) ? standing : readTree(document)))
  }, [document])

  const change = useCallback(
    (edit: (tree: Tree) => Tree) => {
      const next = edit(latest.current.tree)
      const { conditions, top, pointers } = writeTree(next)
      latest.current.tree = next
      setTree(next)
      if (isSaid(latest.current.document, { conditions, top, pointers })) return
      const hasTop = latest.current.document.conditions !== undefined
      act({ kind: 'setConditions', conditions, ...(hasTop ? { top } : {}) })
    },
    [act],
  )
  const context = useMemo(
    (): ConditionContext => ({
      fields,
      problemsOf: (key) => placed.byPart.get(key) ?? [],
      change,
      changeAndFocus: (edit, key, selector) => {
        change(edit)
        requestAnimationFrame(() => {
          const part =
            key === null ? frame.current : frame.current?.querySelector(`[data-part="${CSS.escape(key)}"]`)
          part?.querySelector<HTMLElement>(selector)?.focus()
        })
      },
      newKey,
    }),
    [fields, placed, change],
  )

  return (
    <ConditionsContext value={context}>
      <div className="conditions" role="group" aria-labelledby={headingId} ref={frame}>
        <Text size="sm" fw={600} id={headingId}>
          {title}
        </Text>
        {tree.parts.length === 0 ? (
          <Text size="sm" c="dimmed">
            {nothing}
          </Text>
        ) : (
          <PartList parts={tree.parts} kind="all" prefix="" />
        )}
        {placed.rest.map((problem) => (
          <Text key={problem.message} size="sm" c="var(--failed)" role="alert">
            {problem.message}
          </Text>
        ))}
        <AddButtons group={null} name="" />
      </div>
    </ConditionsContext>
  )
}
