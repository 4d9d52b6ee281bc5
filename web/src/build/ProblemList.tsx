import { IconAlertTriangle, IconInfoCircle } from '@tabler/icons-react'
import { type AutomationDocument, findAction, TRIGGER } from '../model/document'
import { chainWords, type Problem, placeOf } from '../model/problems'
import { actionName } from '../model/sentences'

interface Props {
  document: AutomationDocument
  problems: readonly Problem[]
  titles: ReadonlyMap<string, string>
  onOpen: (node: string | null) => void
}

/** Every problem with its place; a click leads there. */
export function ProblemList({ document, problems, titles, onOpen }: Props) {
  return (
    <ul className="problems" aria-label="Problems">
      {problems.map((problem) => {
        const { node } = placeOf(document, problem.pointer)
        return (
          <li key={problem.pointer + problem.message}>
            <button type="button" onClick={() => onOpen(node)} data-severity={problem.severity}>
              {problem.severity === 'error' ? (
                <IconAlertTriangle size={16} aria-hidden />
              ) : (
                <IconInfoCircle size={16} aria-hidden />
              )}
              <b>{placeName(document, node, titles)}</b>
              <span>
                {problem.message}
                {chainWords(problem.chain) && (
                  <span className="problem-chain">{chainWords(problem.chain)}</span>
                )}
              </span>
            </button>
          </li>
        )
      })}
    </ul>
  )
}

function placeName(
  document: AutomationDocument,
  node: string | null,
  titles: ReadonlyMap<string, string>,
): string {
  if (node === TRIGGER) return 'Trigger'
  const action = node === null ? undefined : findAction(document, node)
  return action ? actionName(action, titles) : 'Automation'
}
