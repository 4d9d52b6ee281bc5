/** What is selected in the list of runs, and what can be done with it, after a dialog that names the count. */
import { Button, Group } from '@mantine/core'
import { IconPlayerStop, IconRefresh } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../api/client'
import { Consequence } from '../components/Consequence'
import { actConsequences, fitFor, type MassActKind, runCount, type StatusCounts } from '../model/acts'
import type { JsonObject } from '../model/document'
import type { Run } from '../model/runs'

interface Props {
  /** The selected runs; nothing for all that match. */
  chosen: readonly Run[] | null
  /** How many runs are selected, by status. */
  counts: StatusCounts
  /** Which runs match. */
  filter: JsonObject
  /** How many are shown; nothing where all of them are selected. */
  shown: number | null
  /** How many match, where all that are shown are selected and more match. */
  offered: number | null
  onChooseShown: () => void
  onChooseAll: () => void
  onClear: () => void
  onBegun: (act: string) => void
}

const VERBS: Record<MassActKind, string> = { cancel: 'Cancel', rerun: 'Rerun' }

export function SelectionBar(props: Props) {
  const { chosen, counts, filter, shown, offered, onChooseShown, onChooseAll, onClear, onBegun } = props
  const [asked, setAsked] = useState<MassActKind | null>(null)
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0)
  const begin = useMutation({
    mutationFn: (act: MassActKind) => api.beginAct(act, chosen ? { runs: idsFor(act, chosen) } : { filter }),
    onSuccess: ({ id }) => {
      setAsked(null)
      onBegun(id)
    },
  })
  const act = asked ?? 'cancel'
  const fit = fitFor(act, counts)
  const title = `${VERBS[act]} ${runCount(fit)}`
  return (
    <section className="card selection" aria-label="Selected runs">
      <span role="status">
        {chosen === null ? `All ${runCount(total)} that match are selected` : `${runCount(total)} selected`}
      </span>
      {shown !== null && chosen !== null && (
        <button type="button" className="link-button" onClick={onChooseShown}>
          Select all {shown.toLocaleString('en')} that are shown
        </button>
      )}
      {offered !== null && chosen !== null && (
        <button type="button" className="link-button" onClick={onChooseAll}>
          Select all {runCount(offered)} that match
        </button>
      )}
      <Group gap={8} ml="auto">
        {(['cancel', 'rerun'] as const).map((kind) => (
          <Button
            key={kind}
            size="xs"
            variant="default"
            disabled={fitFor(kind, counts) === 0}
            leftSection={kind === 'cancel' ? <IconPlayerStop size={14} /> : <IconRefresh size={14} />}
            onClick={() => {
              begin.reset()
              setAsked(kind)
            }}
          >
            {VERBS[kind]} {fitFor(kind, counts).toLocaleString('en')}
          </Button>
        ))}
        <Button size="xs" variant="subtle" onClick={onClear}>
          Clear
        </Button>
      </Group>
      <Consequence
        opened={asked !== null}
        title={title}
        consequences={actConsequences(act, fit, total)}
        action={title}
        dismiss={act === 'cancel' ? 'Let them run' : 'Cancel'}
        isDangerous={act === 'cancel'}
        isPending={begin.isPending}
        error={begin.error}
        onConfirm={() => asked && begin.mutate(asked)}
        onClose={() => setAsked(null)}
      />
    </section>
  )
}

/** The runs that the act can do something with. */
const idsFor = (act: MassActKind, runs: readonly Run[]): string[] =>
  runs.filter(({ status }) => (act === 'cancel') === (status === 'running')).map(({ id }) => id)
