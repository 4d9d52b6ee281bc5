/** Why an event starts a run, or does not: the sentence, the checks, and every condition with what it found. */
import { IconCheck, IconX } from '@tabler/icons-react'
import type { Explanation as Told, Trace, TracedClause, TracedGroup } from '../api/types'
import type { Json } from '../model/document'
import { capital } from '../model/phrase'
import { fieldWords, predicateWords, valueWords } from '../model/sentences'
import './testing.css'

export function Explanation({ told }: { told: Told }) {
  const checks = told.checks.filter(({ check, holds }) => check !== 'conditions' && !holds)
  return (
    <div className="explanation" data-starts={told.starts || undefined}>
      <p className="explanation-sentence">
        <Mark holds={told.starts} yes="Starts a run" no="Starts no run" />
        <span>{told.sentence}</span>
      </p>
      {checks.length > 0 && (
        <ul className="trace">
          {checks.map(({ check, holds, sentence }) => (
            <li key={check} data-holds={holds || undefined}>
              <Mark holds={holds} />
              <span>{sentence}</span>
            </li>
          ))}
        </ul>
      )}
      {told.conditions && <TraceTree trace={told.conditions} />}
    </div>
  )
}

/** The conditions as an indented list; the outermost group that all must hold needs no words. */
function TraceTree({ trace }: { trace: Trace }) {
  if (trace.kind === 'all') {
    if (trace.parts.length === 0) return null
    return (
      <ul className="trace" aria-label="Conditions, one by one">
        {trace.parts.map((part) => (
          <TracePart key={part.pointer + part.kind} trace={part} />
        ))}
      </ul>
    )
  }
  return (
    <ul className="trace" aria-label="Conditions, one by one">
      <TracePart trace={trace} />
    </ul>
  )
}

function TracePart({ trace }: { trace: Trace }) {
  const only = trace.kind === 'all' && trace.parts.length === 1 ? trace.parts[0] : undefined
  if (only) return <TracePart trace={only} />
  return (
    <li data-holds={trace.holds || undefined}>
      <Mark holds={trace.holds} />
      {trace.kind === 'clause' ? <ClauseWords clause={trace} /> : <GroupWords group={trace} />}
    </li>
  )
}

function GroupWords({ group }: { group: TracedGroup }) {
  // `not` of `any` is what the editor calls “none of”.
  const [inner] = group.parts
  const parts =
    group.kind === 'not' && group.parts.length === 1 && inner && inner.kind !== 'clause'
      ? unwrapped(inner)
      : group.parts
  const words = group.kind === 'all' ? 'all of' : group.kind === 'any' ? 'any of' : 'none of'
  return (
    <div className="trace-group">
      <span>{words}</span>
      <ul className="trace">
        {parts.map((part) => (
          <TracePart key={part.pointer + part.kind} trace={part} />
        ))}
      </ul>
    </div>
  )
}

function unwrapped(group: TracedGroup): Trace[] {
  const [only] = group.parts
  if (group.kind === 'any') return group.parts
  if (group.parts.length === 1 && only) return only.kind === 'any' ? only.parts : [only]
  return [group]
}

function ClauseWords({ clause }: { clause: TracedClause }) {
  const predicate = predicateWords({ operator: clause.operator, value: clause.expected })
  return (
    <span title={clause.sentence}>
      <b>{fieldWords(clause.path)}</b> {predicate}
      <span className="trace-found">{foundWords(clause)}</span>
      {clause.note && <span className="trace-note">{asSentence(clause.note)}</span>}
    </span>
  )
}

/** “It is high.”; with the type where two types meet. */
function foundWords({ actual, actual_type, expected_type, holds, operator }: TracedClause): string {
  if (actual === undefined || actual === null) return 'It has no value.'
  const isTyped = /^(eq|gte?|lte?)$/.test(operator) && !holds
  const isOther = isTyped && actual_type && expected_type && actual_type !== expected_type
  const type = isOther ? ` (${actual_type}, compared with ${expected_type})` : ''
  return `It is ${foundValue(actual)}${type}.`
}

const asSentence = (text: string): string => `${capital(text).replace(/\.$/, '')}.`

function foundValue(actual: Json): string {
  const words = valueWords(actual)
  return typeof actual === 'string' ? `“${words}”` : words
}

interface MarkProps {
  holds: boolean
  yes?: string
  no?: string
}

export function Mark({ holds, yes = 'Holds:', no = 'Does not hold:' }: MarkProps) {
  return (
    <span className="mark" data-holds={holds || undefined}>
      {holds ? <IconCheck size={14} aria-hidden /> : <IconX size={14} aria-hidden />}
      <span className="sr-only">{holds ? yes : no}</span>
    </span>
  )
}
