/** Where the time of a run went: a bar for each attempt, pauses and waits in patterns of their own; the same as a table. */
import { useNow } from '../components/Moment'
import { StateBadge } from '../components/StateBadge'
import { durationWords } from '../model/moments'
import type { Run } from '../model/runs'
import { type Bar, type TimeRow, timeLineOf } from '../model/timeLine'
import '../pages/tables.css'

interface Props {
  run: Run
  selected: string | null
  onSelect: (path: string) => void
}

const LEGEND: ReadonlyArray<[Bar['kind'], string]> = [
  ['attempt', 'an attempt'],
  ['pause', 'a pause before the next one'],
  ['person', 'waiting for a person'],
  ['time', 'waiting for a time'],
  ['event', 'waiting for an event'],
  ['turn', 'waiting to begin'],
]

export function TimeLine({ run, selected, onSelect }: Props) {
  const now = useNow()
  const line = timeLineOf(run, now)
  const place = (moment: number) => ((moment - line.from) / (line.to - line.from)) * 100
  const kinds = new Set(line.rows.flatMap(({ bars }) => bars.map(({ kind }) => kind)))
  if (line.rows.length === 0) return <p className="soft">No step has begun yet.</p>
  return (
    <>
      <ol className="timeline" aria-label="Steps, in time">
        {line.rows.map((row) => (
          <li key={row.path ?? 'turn'}>
            <button
              type="button"
              aria-pressed={row.path !== null && selected === row.path}
              disabled={row.path === null}
              onClick={() => row.path !== null && onSelect(row.path)}
            >
              <span className="timeline-name" title={row.name}>
                {row.name}
              </span>
              <span className="timeline-track" aria-hidden>
                {row.bars.map((bar) => (
                  <i
                    key={`${bar.kind} ${bar.from} ${bar.what}`}
                    data-kind={bar.kind}
                    data-light={bar.status}
                    data-ended={!bar.isOpen || undefined}
                    title={wordsOf(bar)}
                    style={{
                      left: `${Math.min(place(bar.from), 99)}%`,
                      width: `max(${place(bar.to) - place(bar.from)}%, 4px)`,
                    }}
                  />
                ))}
              </span>
              <span className="timeline-time">
                {lasted(row)}
                {row.attempts > 1 && <small>{row.attempts} attempts</small>}
              </span>
            </button>
          </li>
        ))}
      </ol>
      {(kinds.size > 1 || !kinds.has('attempt')) && (
        <ul className="timeline-legend" aria-hidden>
          {LEGEND.filter(([kind]) => kinds.has(kind)).map(([kind, words]) => (
            <li key={kind}>
              <i className="timeline-swatch" data-kind={kind} /> {words}
            </li>
          ))}
        </ul>
      )}
      <details className="timeline-table">
        <summary>Times as a table</summary>
        <div className="table-card">
          <table className="table">
            <thead>
              <tr>
                <th scope="col">Step</th>
                <th scope="col">What</th>
                <th scope="col">When</th>
                <th scope="col">Result</th>
              </tr>
            </thead>
            <tbody>
              {line.rows.flatMap((row) =>
                row.bars.map((bar) => (
                  <tr key={`${row.path} ${bar.kind} ${bar.from} ${bar.what}`}>
                    <th scope="row">{row.name}</th>
                    <td data-label="What">{bar.what}</td>
                    <td data-label="When">{bar.when}</td>
                    <td data-label="Result" data-empty={(bar.kind !== 'attempt' && !bar.note) || undefined}>
                      {bar.kind === 'attempt' && <StateBadge state={bar.status} />} {bar.note}
                    </td>
                  </tr>
                )),
              )}
            </tbody>
          </table>
        </div>
      </details>
    </>
  )
}

const wordsOf = ({ what, when, note }: Bar): string => `${what}, ${when}${note ? `: ${note}` : ''}`

/** How long a step took from its first attempt to its end. */
function lasted({ bars }: TimeRow): string {
  const [first, last] = [bars[0], bars.at(-1)]
  return first && last ? durationWords((last.to - first.from) / 1000) : '–'
}
