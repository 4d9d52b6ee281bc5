/**
 * The same document as a list: for narrow screens, and for what a loop does. Each step is a row that says in words where
 * it leads, if that is not the next row.
 */
import { IconAlertTriangle, IconPlus } from '@tabler/icons-react'
import { Fragment } from 'react'
import { PhraseText } from '../components/PhraseText'
import { type Action, type AutomationDocument, innerActions, TRIGGER } from '../model/document'
import { canHave, canLead, entriesOf, entryPort, type Port, targetsAt, unreachableOf } from '../model/edges'
import { em, listed, type Phrase, plain } from '../model/phrase'
import { actionName, actionPhrase, portWords, triggerPhrase, whenPhrase } from '../model/sentences'
import { ActionIconOf, TriggerIcon } from './icons'
import type { Place } from './StepEdge'
import './canvas.css'

interface Props {
  document: AutomationDocument
  /** The loop whose actions these are; it has no trigger of its own. */
  within?: string
  titles: ReadonlyMap<string, string>
  problems: ReadonlyMap<string, number>
  onSelect: (id: string) => void
  onAdd: (place: Place) => void
}

export function ListBuilder(props: Props) {
  const { document, within, titles, problems, onSelect, onAdd } = props
  const cutOff = new Set(unreachableOf(document).map((action) => action.id))
  const first = within === undefined ? { after: TRIGGER } : { after: TRIGGER, within }
  return (
    <ol
      className="steps-list"
      aria-label={within === undefined ? 'Trigger and actions' : 'Actions for each item'}
    >
      {within === undefined && (
        <li>
          <Row
            id={TRIGGER}
            title="Trigger"
            phrase={triggerPhrase(document)}
            count={problems.get(TRIGGER) ?? 0}
            isCut={false}
            onSelect={onSelect}
          />
        </li>
      )}
      <Add
        label={within === undefined ? 'Add an action after the trigger' : 'Add an action at the beginning'}
        onAdd={() => onAdd(first)}
      />
      {document.actions.map((action, index) => {
        const title = actionName(action, titles)
        const isCut = cutOff.has(action.id)
        return (
          <Fragment key={action.id}>
            <li>
              <Row
                id={action.id}
                action={action}
                title={title}
                phrase={actionPhrase(action)}
                count={problems.get(action.id) ?? 0}
                isCut={isCut}
                onSelect={onSelect}
              />
              <WaysInWords list={document} index={index} titles={titles} />
              {within === undefined && action.type === 'for_each' && (
                <div className="steps-inner">
                  <ListBuilder
                    {...props}
                    document={{ name: '', actions: innerActions(action) }}
                    within={action.id}
                  />
                </div>
              )}
            </li>
            {!isCut &&
              addingPorts(action).map((port) => {
                const words = portWords(action, port)
                const label = `Add an action after ${title}${words ? `: ${words}` : ''}`
                return (
                  <Add
                    key={port}
                    label={label}
                    words={words}
                    onAdd={() => onAdd({ after: action.id, port })}
                  />
                )
              })}
          </Fragment>
        )
      })}
    </ol>
  )
}

/** Where something can be added after an action. */
const addingPorts = (action: Action): Port[] =>
  action.type === 'branch'
    ? [...entriesOf(action).map((_, place) => entryPort(place)), 'otherwise']
    : canLead(action)
      ? ['next']
      : []

function Add({ label, words, onAdd }: { label: string; words?: string | undefined; onAdd: () => void }) {
  return (
    <li className="steps-list-add">
      {words && (
        <span className="edge-label" title={words}>
          {words}
        </span>
      )}
      <button type="button" className="edge-tool" aria-label={label} onClick={onAdd}>
        <IconPlus size={15} aria-hidden />
      </button>
    </li>
  )
}

interface RowProps {
  id: string
  action?: Action
  title: string
  phrase: Phrase
  count: number
  isCut: boolean
  onSelect: (id: string) => void
}

function Row({ id, action, title, phrase, count, isCut, onSelect }: RowProps) {
  const when = action ? whenPhrase(action) : null
  return (
    <button type="button" className="node" data-problem={count > 0 || undefined} onClick={() => onSelect(id)}>
      <span className="node-icon" data-trigger={id === TRIGGER || undefined}>
        {action ? <ActionIconOf type={action.type} /> : <TriggerIcon size={18} aria-hidden />}
      </span>
      <span className="node-words">
        <span className="node-title" title={title}>
          {title}
        </span>
        {when && (
          <span className="node-sentence" title={plain(when)}>
            <PhraseText phrase={when} />
          </span>
        )}
        <span className="node-sentence" title={plain(phrase)}>
          <PhraseText phrase={phrase} />
        </span>
        {count > 0 && (
          <span className="node-problem">
            <IconAlertTriangle size={14} aria-hidden />
            {isCut ? 'Not connected' : count === 1 ? '1 problem' : `${count} problems`}
          </span>
        )}
      </span>
    </button>
  )
}

interface WaysProps {
  list: AutomationDocument
  index: number
  titles: ReadonlyMap<string, string>
}

/** “then → Notify”, “if Large → Approval, otherwise → Notify”, “on error → Tell somebody”. */
function WaysInWords({ list, index, titles }: WaysProps) {
  const action = list.actions[index] as Action
  const following = list.actions[index + 1]?.id
  const ports = (
    [
      'next',
      ...entriesOf(action).map((_, place) => entryPort(place)),
      'otherwise',
      'error',
      'timeout',
    ] as Port[]
  ).filter((port) => canHave(action, port))
  const lines = ports.flatMap((port): Phrase[] => {
    const targets = targetsAt(list, index, port)
    if (port === 'next' && (targets.length === 0 ? following === undefined : targets.join() === following))
      return []
    if (targets.length === 0 && (port === 'error' || port === 'timeout')) return []
    const words = portWords(action, port) ?? 'then'
    const names = targets.map((id): Phrase => {
      const target = list.actions.find((other) => other.id === id)
      return [em(target ? actionName(target, titles) : id)]
    })
    const leading: Phrase = port.startsWith('branch:') ? ['if ', em(words)] : [words]
    return [[...leading, ' → ', ...(names.length > 0 ? listed(names) : ['the path ends'])]]
  })
  if (lines.length === 0) return null
  return (
    <ul className="steps-ways">
      {lines.map((line) => (
        <li key={plain(line)}>
          <PhraseText phrase={line} />
        </li>
      ))}
    </ul>
  )
}
