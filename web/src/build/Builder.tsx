/** Building an automation: the canvas (a list on narrow screens), the panel, problems, saving and publishing. */
import { Button, Drawer } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { notifications } from '@mantine/notifications'
import { useQuery } from '@tanstack/react-query'
import { useCallback, useMemo, useState } from 'react'
import { ApiError, type Held } from '../api/client'
import { queries } from '../api/queries'
import type { Automation, Environment } from '../api/types'
import { AutomationHeader } from '../automations/AutomationHeader'
import { Picker } from '../components/Picker'
import { requiredOf } from '../forms/schema'
import { type AutomationDocument, loopsAround, newAction, sameValue } from '../model/document'
import type { Operation } from '../model/operations'
import { findProblems, mergeProblems, type Problem, placeOf, problemsIn } from '../model/problems'
import { useTrial } from '../testing/useTrial'
import './builder.css'
import { type Drawing, EdgePicker } from './EdgePicker'
import { type Editing, GraphCanvas } from './GraphCanvas'
import { ActionIconOf } from './icons'
import { KeyHelp } from './KeyHelp'
import { ListBuilder } from './ListBuilder'
import { type PanelTab, PanelTabs } from './PanelTabs'
import { ProblemList } from './ProblemList'
import { DraftNote, PublishButtons } from './PublishButtons'
import { PublishDialog, type Publishing } from './PublishDialog'
import { StaleBar } from './StaleBar'
import type { Place } from './StepEdge'
import { Toolbar } from './Toolbar'
import { type Builder as BuilderState, useBuilder } from './useBuilder'
import { focusNode, placeAfter, useBuilderKeys } from './useBuilderKeys'

interface Props {
  automation: Automation
  /** What is published in the environment that is worked in. */
  base: AutomationDocument
  /** What the server holds: the draft, or the base. */
  saved: Held
  /** Where the base is read from; absent, where it is. */
  environment: Environment | undefined
  isInSandbox: boolean
}

/** A dialog gives the focus back shortly after it closed. */
const DIALOG_CLOSES_MS = 120

export function Builder({ automation, base, saved, environment, isInSandbox }: Props) {
  const builder = useBuilder(automation.id, saved, environment)
  const { document } = builder
  const { catalogue, titles } = useCatalogue()
  const [selected, setSelected] = useState<string | null>(null)
  const [tab, setTab] = useState<PanelTab>('setup')
  const trial = useTrial(automation.id, document)
  const isTried = tab === 'test' && trial.lights !== null
  const [adding, setAdding] = useState<Place | null>(null)
  const [drawing, setDrawing] = useState<Drawing | null>(null)
  const [isHelping, setHelping] = useState(false)
  const [areProblemsOpen, setProblemsOpen] = useState(false)
  const [publishing, setPublishing] = useState<Publishing | null>(null)
  // What the server said when it was published: why not, or what should be known of it.
  const [refused, setRefused] = useState<{ document: AutomationDocument; problems: Problem[] } | null>(null)
  const isNarrow = useMediaQuery('(max-width: 860px)', window.innerWidth <= 860)
  const problems = useProblems(builder, catalogue, refused)
  const counts = useMemo(() => countByNode(document, problems), [document, problems])
  const errors = problems.filter((problem) => problem.severity === 'error')

  const { act: perform } = builder
  const act = useCallback(
    (operation: Operation) => {
      const around =
        operation.kind === 'removeAction' ? loopsAround(document.actions, operation.id)?.at(-1) : undefined
      const reason = perform(operation)
      if (reason !== null)
        notifications.show({ message: reason, color: 'yellow', title: 'This cannot be done' })
      else if (operation.kind === 'removeAction') setSelected(around?.id ?? null)
    },
    [perform, document.actions],
  )
  const open = useCallback((node: string | null) => {
    setSelected(node)
    requestAnimationFrame(() =>
      window.document.querySelector<HTMLElement>('.panel input, .panel textarea')?.focus(),
    )
  }, [])
  const select = useCallback(
    (node: string | null) => {
      setSelected(node)
      // While a dry run is shown, a node stands for what its step would have done.
      if (!isTried && node !== null) setTab((standing) => (standing === 'test' ? 'setup' : standing))
    },
    [isTried],
  )
  const test = () => {
    setTab('test')
    requestAnimationFrame(() =>
      window.document.querySelector<HTMLElement>('.panel .panel-body input')?.focus(),
    )
  }
  const leaveTest = (): boolean => {
    if (tab !== 'test') return false
    if (trial.run) trial.end()
    else setTab('setup')
    return true
  }
  const add = (type: string) => {
    if (adding === null) return
    const action = newAction(document, type)
    act({ kind: 'addAction', action, ...adding })
    setTab('setup')
    setSelected(action.id)
    if (!isNarrow) focusNode(adding.within ?? action.id, DIALOG_CLOSES_MS)
  }
  const editing = useMemo<Editing>(
    () => ({
      onAdd: setAdding,
      onConnect: (source, target, port) => act({ kind: 'connect', source, target, port }),
      onDisconnect: (source, target, port) => act({ kind: 'disconnect', source, target, port }),
      onPlace: (positions) => act({ kind: 'place', positions }),
      onTidyUp: () => {
        act({ kind: 'tidyUp' })
        requestAnimationFrame(() => window.dispatchEvent(new Event('canvas:fit')))
      },
    }),
    [act],
  )
  useBuilderKeys({
    document,
    selected,
    act,
    undo: builder.undo,
    redo: builder.redo,
    onSelect: select,
    onOpen: () => open(selected),
    onTest: test,
    onLeaveTest: leaveTest,
    onAdd: setAdding,
    onDraw: setDrawing,
    onHelp: () => setHelping(true),
  })

  const publish = (wanted: Publishing) => {
    if (errors.length === 0) return setPublishing(wanted)
    setProblemsOpen(true)
    notifications.show({
      color: 'red',
      title:
        errors.length === 1 ? 'One problem stands in the way' : `${errors.length} problems stand in the way`,
      message: errors[0]?.message ?? '',
    })
  }
  const panel = (
    <PanelTabs
      automationId={automation.id}
      document={document}
      tab={tab}
      onTab={(next) => (next === 'test' ? test() : setTab(next))}
      trial={trial}
      selected={selected}
      onSelect={setSelected}
      catalogue={catalogue}
      titles={titles}
      problems={problems}
      counts={counts}
      act={act}
      onAdd={setAdding}
      onClose={() => (tab === 'test' ? setTab('setup') : setSelected(null))}
    />
  )
  const panelName = tab === 'test' ? 'Test' : tab === 'failure' ? 'On error & retry' : 'Set up'

  return (
    <div className="builder-page">
      <AutomationHeader
        automation={automation}
        name={document.name}
        note={<DraftNote automation={automation} base={base} document={document} />}
      >
        <PublishButtons
          automation={automation}
          isChanged={!sameValue(base, document)}
          isInSandbox={isInSandbox}
          onPublish={publish}
        />
      </AutomationHeader>
      <Toolbar
        builder={builder}
        errors={errors.length}
        warnings={problems.length - errors.length}
        areProblemsOpen={areProblemsOpen}
        onAdd={() => setAdding(placeAfter(document, selected))}
        onProblems={() => setProblemsOpen(!areProblemsOpen)}
        onHelp={() => setHelping(true)}
        onTest={test}
        isNarrow={isNarrow}
      />
      {builder.saving.state === 'stale' && <StaleBar builder={builder} theirs={builder.saving.theirs} />}
      {areProblemsOpen && problems.length > 0 && (
        <ProblemList document={document} problems={problems} titles={titles} onOpen={open} />
      )}
      {isNarrow ? (
        <>
          <ListBuilder
            document={document}
            titles={titles}
            problems={counts}
            onSelect={select}
            onAdd={setAdding}
          />
          <div className="builder-own">
            <Button variant="default" fullWidth onClick={() => setSelected('$automation')}>
              Name and description
            </Button>
          </div>
          <Drawer.Root
            opened={selected !== null || tab === 'test'}
            onClose={() => {
              setTab('setup')
              setSelected(null)
            }}
            position="bottom"
            size="88%"
          >
            <Drawer.Overlay />
            <Drawer.Content aria-label={panelName}>
              <Drawer.Body p={0}>
                <div className="panel">{panel}</div>
              </Drawer.Body>
            </Drawer.Content>
          </Drawer.Root>
        </>
      ) : (
        <div className="builder">
          <GraphCanvas
            document={document}
            titles={titles}
            selected={selected}
            onSelect={select}
            problems={counts}
            lights={isTried ? (trial.lights ?? undefined) : undefined}
            taken={isTried ? trial.taken : undefined}
            progress={isTried ? trial.progress : undefined}
            isDry={isTried}
            editing={isTried ? undefined : editing}
            label="Canvas"
          />
          <aside className="panel" aria-label={panelName}>
            {panel}
          </aside>
        </div>
      )}
      <Picker
        opened={adding !== null}
        onClose={() => setAdding(null)}
        title="Add an action"
        placeholder="What should happen?"
        items={[...catalogue.values()].map((entry) => ({
          id: entry.type,
          label: entry.title,
          hint: entry.description,
          words: entry.type,
          icon: <ActionIconOf type={entry.type} />,
        }))}
        onPick={add}
      />
      <EdgePicker
        drawing={drawing}
        document={document}
        selected={selected}
        titles={titles}
        act={act}
        onClose={() => setDrawing(null)}
      />
      <KeyHelp opened={isHelping} onClose={() => setHelping(false)} />
      <PublishDialog
        publishing={publishing}
        automation={automation}
        base={base}
        document={document}
        titles={titles}
        flush={builder.flush}
        hold={builder.hold}
        warnings={problems.filter((problem) => problem.severity === 'warning')}
        onPublished={(answer) => {
          const warnings = problemsIn(answer, 'warning', 'warnings')
          setRefused(warnings.length > 0 ? { document, problems: warnings } : null)
          notifications.show({
            color: 'green',
            message:
              answer.activation === 'pending'
                ? 'Published. It takes effect as soon as the stream has heard of it.'
                : 'Published. It is in effect.',
          })
        }}
        onRefused={(error) => {
          if (error instanceof ApiError && error.problems.length > 0) {
            setRefused({ document, problems: error.problems })
            setProblemsOpen(true)
          }
        }}
        onClose={() => setPublishing(null)}
      />
    </div>
  )
}

function useCatalogue() {
  const actions = useQuery(queries.actions())
  return useMemo(() => {
    const entries = actions.data ?? []
    return {
      catalogue: new Map(entries.map((entry) => [entry.type, entry])),
      titles: new Map(entries.map((entry) => [entry.type, entry.title])),
    }
  }, [actions.data])
}

function useProblems(
  { document, serverProblems }: BuilderState,
  catalogue: ReturnType<typeof useCatalogue>['catalogue'],
  refused: { document: AutomationDocument; problems: Problem[] } | null,
): Problem[] {
  return useMemo(() => {
    const known = new Map(
      [...catalogue].map(([type, entry]) => [
        type,
        { title: entry.title, required: requiredOf(entry.params) },
      ]),
    )
    const own = findProblems(document, known)
    const isCut = own.some((problem) => problem.code === 'unreachable')
    const servers = [...(refused?.document === document ? refused.problems : []), ...serverProblems]
    return mergeProblems(
      own,
      servers.filter((problem) => !(isCut && problem.pointer.endsWith('/next'))),
    )
  }, [document, catalogue, serverProblems, refused])
}

function countByNode(document: AutomationDocument, problems: readonly Problem[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const problem of problems) {
    const { node } = placeOf(document, problem.pointer)
    if (node === null || problem.severity !== 'error') continue
    // What is wrong inside of a loop is seen at the loop as well.
    const around = loopsAround(document.actions, node)?.map((loop) => loop.id) ?? []
    for (const id of [...around, node]) counts.set(id, (counts.get(id) ?? 0) + 1)
  }
  return counts
}
