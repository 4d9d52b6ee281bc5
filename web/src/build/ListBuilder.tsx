/** The same document as a list, for narrow screens: each step a row, a plus between them. */
import { IconAlertTriangle, IconPlus } from '@tabler/icons-react'
import { Fragment } from 'react'
import { PhraseText } from '../components/PhraseText'
import { type AutomationDocument, TRIGGER } from '../model/document'
import { unreachableOf } from '../model/edges'
import { plain } from '../model/phrase'
import { actionName, actionPhrase, triggerPhrase } from '../model/sentences'
import { ActionIconOf, TriggerIcon } from './icons'
import './canvas.css'

interface Props {
  document: AutomationDocument
  titles: ReadonlyMap<string, string>
  problems: ReadonlyMap<string, number>
  onSelect: (id: string) => void
  onAdd: (after: string) => void
}

export function ListBuilder({ document, titles, problems, onSelect, onAdd }: Props) {
  const cutOff = new Set(unreachableOf(document).map((action) => action.id))
  const rows = [
    {
      id: TRIGGER,
      type: TRIGGER,
      title: 'Trigger',
      phrase: triggerPhrase(document),
    },
    ...document.actions.map((action) => ({
      id: action.id,
      type: action.type,
      title: actionName(action, titles),
      phrase: actionPhrase(action),
    })),
  ]
  return (
    <ol className="steps-list" aria-label="Trigger and actions">
      {rows.map((row) => {
        const count = problems.get(row.id) ?? 0
        return (
          <Fragment key={row.id}>
            <li>
              <button
                type="button"
                className="node"
                data-problem={count > 0 || undefined}
                onClick={() => onSelect(row.id)}
              >
                <span className="node-icon" data-trigger={row.id === TRIGGER || undefined}>
                  {row.id === TRIGGER ? (
                    <TriggerIcon size={18} aria-hidden />
                  ) : (
                    <ActionIconOf type={row.type} />
                  )}
                </span>
                <span className="node-words">
                  <span className="node-title" title={row.title}>
                    {row.title}
                  </span>
                  <span className="node-sentence" title={plain(row.phrase)}>
                    <PhraseText phrase={row.phrase} />
                  </span>
                  {count > 0 && (
                    <span className="node-problem">
                      <IconAlertTriangle size={14} aria-hidden />
                      {cutOff.has(row.id) ? 'Not connected' : count === 1 ? '1 problem' : `${count} problems`}
                    </span>
                  )}
                </span>
              </button>
            </li>
            {!cutOff.has(row.id) && (
              <li className="steps-list-add">
                <button
                  type="button"
                  className="edge-tool"
                  aria-label={`Add an action after ${row.id === TRIGGER ? 'the trigger' : row.title}`}
                  onClick={() => onAdd(row.id)}
                >
                  <IconPlus size={15} aria-hidden />
                </button>
              </li>
            )}
          </Fragment>
        )
      })}
    </ol>
  )
}
