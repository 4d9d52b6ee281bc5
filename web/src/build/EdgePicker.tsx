/** Drawing an edge, or cutting one, by the keyboard: the way out and where it leads are found by typing. */
import { Picker } from '../components/Picker'
import { type AutomationDocument, findAction, listAround, TRIGGER } from '../model/document'
import { canHave, edgesOf, entriesOf, entryPort, type Port, portOf } from '../model/edges'
import type { Operation } from '../model/operations'
import { capital, plain } from '../model/phrase'
import { actionName, actionPhrase, portWords } from '../model/sentences'
import { ActionIconOf } from './icons'

export type Drawing = 'connect' | 'disconnect'

interface Props {
  drawing: Drawing | null
  document: AutomationDocument
  selected: string | null
  titles: ReadonlyMap<string, string>
  act: (operation: Operation) => void
  onClose: () => void
}

export function EdgePicker({ drawing, document, selected, titles, act, onClose }: Props) {
  const source = selected === null ? undefined : findAction(document, selected)
  const list = selected === null ? document : listAround(document, selected)
  const ports: Port[] = source
    ? (
        [
          'next',
          ...entriesOf(source).map((_, place) => entryPort(place)),
          'otherwise',
          'error',
          'timeout',
        ] as Port[]
      ).filter((port) => canHave(source, port))
    : ['next']
  const drawn = new Set(
    edgesOf(list)
      .filter((edge) => edge.source === (selected ?? TRIGGER))
      .map((edge) => `${portOf(edge)} ${edge.target}`),
  )
  const items = ports.flatMap((port) => {
    const words = source && portWords(source, port)
    return list.actions
      .filter((action) => action.id !== selected)
      .map((action) => ({
        id: `${port} ${action.id}`,
        label: actionName(action, titles),
        hint: plain(actionPhrase(action)),
        icon: <ActionIconOf type={action.type} />,
        ...(words ? { group: capital(words), words } : {}),
      }))
      .filter(({ id }) => drawing !== 'disconnect' || drawn.has(id))
  })
  const pick = (id: string) => {
    const [port, target] = id.split(' ') as [Port, string]
    if (selected === null || drawing === null) return
    act({ kind: drawing, source: selected, target, port: selected === TRIGGER ? undefined : port })
  }
  return (
    <Picker
      opened={drawing !== null}
      onClose={onClose}
      title={drawing === 'disconnect' ? 'Disconnect' : 'Connect to'}
      placeholder={drawing === 'disconnect' ? 'Which edge goes away?' : 'Which action comes next?'}
      items={items}
      onPick={pick}
    />
  )
}
