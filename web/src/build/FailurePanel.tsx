/** What happens when an action fails or takes too long: attempts, time, and where it leads then. */
import { Checkbox, NumberInput, Select, Stack, Text, TextInput } from '@mantine/core'
import type { ActionEntry } from '../api/types'
import { type Action, type AutomationDocument, isObject, type Json, listAround } from '../model/document'
import { edgesOf, isReachable, type Port } from '../model/edges'
import type { Operation } from '../model/operations'
import { durationSpoken } from '../model/operators'
import type { Problem } from '../model/problems'
import { actionName } from '../model/sentences'
import { fieldProblems, PanelHead } from './PanelHead'
import { Ways } from './Ways'

interface Props {
  document: AutomationDocument
  action: Action
  entry: ActionEntry | undefined
  titles: ReadonlyMap<string, string>
  problems: readonly Problem[]
  act: (operation: Operation) => void
  onClose: () => void
}

export function FailurePanel({ document, action, entry, titles, problems, act, onClose }: Props) {
  const takes = (name: string) => entry?.fields?.properties?.[name] !== undefined || name in action
  const found = fieldProblems(document, problems, action.id)
  const set = (name: string, value: Json | undefined) => act({ kind: 'setField', id: action.id, name, value })
  const common = { list: listAround(document, action.id), action, titles, act, set }
  const isNothing = !['retry', 'timeout', 'on_error', 'at_most_once'].some(takes)
  return (
    <>
      <PanelHead
        title={actionName(action, titles)}
        note="What follows when it fails or takes too long."
        onClose={onClose}
      />
      <Stack gap="md" className="panel-body">
        {isNothing && <Text size="sm">This action neither fails nor waits: there is nothing to set.</Text>}
        {takes('on_error') && (
          <OutcomeField
            {...common}
            name="on_error"
            port="error"
            label="If it fails"
            error={found.get('on_error')}
          />
        )}
        {takes('timeout') && (
          <DurationField
            label="Time for the step"
            description={
              action.type === 'human_task'
                ? 'How long the task stays open. Without it, there is no limit.'
                : 'Attempts and pauses included. Without it, there is no limit.'
            }
            placeholder="3d"
            value={action.timeout}
            error={found.get('timeout')}
            onChange={(value) => set('timeout', value)}
          />
        )}
        {takes('on_timeout') && (action.timeout !== undefined || action.on_timeout !== undefined) && (
          <OutcomeField
            {...common}
            name="on_timeout"
            port="timeout"
            label="When its time is up"
            absent="As if it fails"
            error={found.get('on_timeout')}
          />
        )}
        {takes('retry') && (
          <RetryFields action={action} error={found.get('retry')} onChange={(value) => set('retry', value)} />
        )}
        {takes('at_most_once') && (
          <Checkbox
            label="Never send it twice"
            description="If nobody can tell whether it arrived, the step fails and says so."
            error={found.get('at_most_once')}
            checked={action.at_most_once === true}
            onChange={(event) => set('at_most_once', event.currentTarget.checked || undefined)}
          />
        )}
      </Stack>
    </>
  )
}

interface OutcomeProps {
  list: AutomationDocument
  action: Action
  titles: ReadonlyMap<string, string>
  act: (operation: Operation) => void
  set: (name: string, value: Json | undefined) => void
  name: 'on_error' | 'on_timeout'
  port: Port
  label: string
  /** What it means that nothing is said; absent, the run fails. */
  absent?: string
  error: string | undefined
}

function OutcomeField({ list, action, titles, act, set, name, port, label, absent, error }: OutcomeProps) {
  const value = action[name]
  const chosen = isObject(value)
    ? 'lead'
    : value === 'continue'
      ? 'continue'
      : value === 'fail' || !absent
        ? 'fail'
        : 'absent'
  const edges = edgesOf(list)
  const possible = list.actions.filter((other) => !isReachable(edges, other.id, action.id))
  const choose = (next: string | null) => {
    const last = possible.at(-1)
    if (next === 'lead' && last) act({ kind: 'lead', source: action.id, port, targets: [last.id] })
    else if (next === 'continue') set(name, 'continue')
    else if (next === 'fail') set(name, absent ? 'fail' : undefined)
    else set(name, undefined)
  }
  return (
    <div>
      <Select
        label={label}
        data={[
          ...(absent ? [{ value: 'absent', label: absent }] : []),
          { value: 'fail', label: 'The run fails' },
          { value: 'continue', label: 'The run goes on' },
          ...(possible.length > 0 || chosen === 'lead' ? [{ value: 'lead', label: 'It leads to …' }] : []),
        ]}
        value={chosen}
        error={error}
        allowDeselect={false}
        onChange={choose}
      />
      {chosen === 'lead' && (
        <Ways
          list={list}
          action={action}
          port={port}
          label={name === 'on_error' ? 'After a failure leads to' : 'When time is up leads to'}
          nothing="Nothing: the run fails"
          isMany
          titles={titles}
          act={act}
        />
      )}
    </div>
  )
}

interface DurationProps {
  label: string
  description?: string
  placeholder: string
  value: unknown
  error?: string | undefined
  onChange: (value: Json | undefined) => void
}

/** A length of time as it is written: `90s`, `15m`, `3d`. */
export function DurationField({ label, description, placeholder, value, error, onChange }: DurationProps) {
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : ''
  const spoken = durationSpoken(text)
  return (
    <TextInput
      label={label}
      description={description}
      placeholder={placeholder}
      value={text}
      error={error}
      rightSectionWidth={110}
      rightSection={spoken !== text && <span className="duration-words">{spoken}</span>}
      onChange={(event) => onChange(readTyped(event.currentTarget.value))}
    />
  )
}

const readTyped = (typed: string): Json | undefined => {
  if (typed.trim() === '') return undefined
  return /^\d+(\.\d+)?$/.test(typed.trim()) ? Number(typed) : typed
}

const PAUSES = [
  { name: 'first_delay', label: 'Pause after the first attempt', placeholder: '0.5s' },
  { name: 'max_delay', label: 'Longest pause', placeholder: '60s' },
  { name: 'within', label: 'All attempts begin within', placeholder: 'no limit' },
] as const

interface RetryProps {
  action: Action
  error: string | undefined
  onChange: (value: Json | undefined) => void
}

function RetryFields({ action, error, onChange }: RetryProps) {
  const retry = isObject(action.retry) ? (action.retry as { [name: string]: Json }) : {}
  const set = (name: string, value: Json | undefined) => {
    const { [name]: _, ...rest } = retry
    const next = value === undefined ? rest : { ...rest, [name]: value }
    onChange(Object.keys(next).length > 0 ? next : undefined)
  }
  const number = (name: string): number | '' =>
    typeof retry[name] === 'number' ? (retry[name] as number) : ''
  return (
    <fieldset className="retry">
      <legend>Attempts</legend>
      <Text size="sm" c="dimmed">
        A failure that another attempt may mend is tried again.
      </Text>
      {error && (
        <Text size="sm" c="var(--failed)" role="alert">
          {error}
        </Text>
      )}
      <NumberInput
        label="Attempts in all"
        min={1}
        max={100}
        placeholder="4"
        value={number('max_attempts')}
        onChange={(typed) => set('max_attempts', typeof typed === 'number' ? typed : undefined)}
      />
      <NumberInput
        label="Each pause so many times longer"
        min={1}
        max={10}
        placeholder="4"
        value={number('factor')}
        onChange={(typed) => set('factor', typeof typed === 'number' ? typed : undefined)}
      />
      {PAUSES.map(({ name, label, placeholder }) => (
        <DurationField
          key={name}
          label={label}
          placeholder={placeholder}
          value={retry[name]}
          onChange={(value) => set(name, value)}
        />
      ))}
    </fieldset>
  )
}
