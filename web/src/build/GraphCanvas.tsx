/**
 * The document drawn as a graph, top to bottom. The builder edits it; a run shows its light on the same nodes.
 * The canvas is a projection: every change goes through the callbacks, and comes back as a new document.
 */
import '@xyflow/react/dist/style.css'
import './canvas.css'
import { useComputedColorScheme } from '@mantine/core'
import { IconLayoutDistributeVertical } from '@tabler/icons-react'
import {
  applyNodeChanges,
  Background,
  type Connection,
  ControlButton,
  Controls,
  type NodeChange,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
  useStoreApi,
} from '@xyflow/react'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { type Action, type AutomationDocument, loopsAround, type Position, TRIGGER } from '../model/document'
import { canHave, edgesOf, entriesOf, entryPort, type Port, portOf } from '../model/edges'
import { CELL, NODE_WIDTH, positionsOf, rowHeightOf, tidyLayout } from '../model/layout'
import { edgeId, type Lights } from '../model/runs'
import { actionName, actionPhrase, portWords, triggerPhrase, whenPhrase } from '../model/sentences'
import { type DrawnEdge, type Place, StepEdge } from './StepEdge'
import { type DrawnNode, type DrawnPort, StepNode } from './StepNode'

export interface Editing {
  onAdd: (place: Place) => void
  onConnect: (source: string, target: string, port: Port | undefined) => void
  onDisconnect: (source: string, target: string, port: Port) => void
  onPlace: (positions: Record<string, Position>) => void
  onTidyUp: () => void
}

interface Props {
  document: AutomationDocument
  titles: ReadonlyMap<string, string>
  selected: string | null
  onSelect: (id: string | null) => void
  /** How many problems each node has, in the builder. */
  problems?: ReadonlyMap<string, number>
  /** What each step did, in a run. */
  lights?: Lights | undefined
  /** The edges that a run went along, by `edgeId`. */
  taken?: ReadonlySet<string> | undefined
  /** How far loops came, in words. */
  progress?: ReadonlyMap<string, string> | undefined
  /** Whether the lights are those of a dry run. */
  isDry?: boolean
  editing?: Editing | undefined
  label: string
}

const nodeTypes = { step: StepNode }
const edgeTypes = { step: StepEdge }

export function GraphCanvas(props: Props) {
  return (
    <ReactFlowProvider>
      <Canvas {...props} />
    </ReactFlowProvider>
  )
}

function Canvas(props: Props) {
  const { document, editing, selected, onSelect, label, isDry } = props
  const scheme = useComputedColorScheme('light')
  const drawn = useDrawnNodes(props)
  const edges = useDrawnEdges(props)
  const [nodes, setNodes] = useState(drawn)

  useEffect(() => {
    setNodes((standing) => {
      const known = new Map(standing.map((node) => [node.id, node]))
      return drawn.map((node) => {
        const measured = known.get(node.id)?.measured
        return measured ? { ...node, measured } : node
      })
    })
  }, [drawn])

  const onNodesChange = useCallback((changes: NodeChange<DrawnNode>[]) => {
    setNodes((standing) => applyNodeChanges(changes, standing))
  }, [])
  const onConnect = useCallback(
    ({ source, target, sourceHandle }: Connection) =>
      editing?.onConnect(
        source,
        target,
        source === TRIGGER ? undefined : ((sourceHandle ?? undefined) as Port),
      ),
    [editing],
  )
  const showAll = useShowAll(edges)
  useSelectedInSight(
    selected === null ? null : (loopsAround(document.actions, selected)?.[0]?.id ?? selected),
  )
  useEffect(() => {
    window.addEventListener('canvas:fit', showAll)
    return () => window.removeEventListener('canvas:fit', showAll)
  }, [showAll])
  const count = document.actions.length
  const counted = useRef(0)
  useEffect(() => {
    // A new node may lie outside of what is seen; the first look shows everything.
    if (count > counted.current) requestAnimationFrame(showAll)
    counted.current = count
  }, [count, showAll])

  return (
    <section className="canvas" aria-label={label} data-dry={isDry || undefined}>
      <ReactFlow<DrawnNode, DrawnEdge>
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        colorMode={scheme}
        onNodesChange={onNodesChange}
        onConnect={onConnect}
        onNodeClick={(_, node) => onSelect(node.id)}
        onPaneClick={() => selected !== null && onSelect(null)}
        onNodeDragStop={(_, node) => editing?.onPlace({ [node.id]: roundPosition(node.position) })}
        nodesDraggable={editing !== undefined}
        nodesConnectable={editing !== undefined}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        deleteKeyCode={null}
        selectionKeyCode={null}
        multiSelectionKeyCode={null}
        disableKeyboardA11y
        nodeDragThreshold={4}
        connectionRadius={40}
        panOnScroll
        minZoom={0.3}
        maxZoom={1.5}
        onInit={showAll}
        onlyRenderVisibleElements={document.actions.length > 60}
        proOptions={{ hideAttribution: true }}
      >
        <Background gap={22} />
        <Controls showInteractive={false} onFitView={showAll} position="bottom-left" aria-label="View">
          {editing && (
            <ControlButton onClick={editing.onTidyUp} title="Tidy up" aria-label="Tidy up">
              <IconLayoutDistributeVertical />
            </ControlButton>
          )}
        </Controls>
      </ReactFlow>
    </section>
  )
}

/** Shows the whole graph from its top, not larger than it is; a long one is scrolled, not shrunk beyond reading. */
function useShowAll(edges: readonly DrawnEdge[]) {
  const { getNodes, getNodesBounds, setViewport } = useReactFlow()
  const store = useStoreApi()
  // Edges in lanes pass to the right of all actions, with their words.
  const lanesEnd = useRef(Number.NEGATIVE_INFINITY)
  lanesEnd.current = Math.max(
    ...edges.map(({ data }) => (data?.lane ?? Number.NEGATIVE_INFINITY) + HALF_WORDS),
  )
  return useCallback(() => {
    const { width, height } = store.getState()
    const nodes = getNodes()
    if (width === 0 || nodes.length === 0) return
    const around = getNodesBounds(nodes)
    const bounds = { ...around, width: Math.max(around.width, lanesEnd.current - around.x) }
    const room = { width: width - 2 * MARGIN, height: height - 2 * MARGIN - ADD_BELOW }
    const zoom = Math.min(
      1,
      Math.max(SMALLEST, room.height / bounds.height),
      Math.max(SMALLEST_FOR_PATHS, room.width / bounds.width),
    )
    void setViewport({
      x: (width - bounds.width * zoom) / 2 - bounds.x * zoom,
      y: MARGIN - bounds.y * zoom,
      zoom,
    })
  }, [getNodes, getNodesBounds, setViewport, store])
}

/** Keeps the selected node in sight, wherever the selection comes from. */
function useSelectedInSight(selected: string | null): void {
  const { getNode, setCenter } = useReactFlow()
  const store = useStoreApi()
  useEffect(() => {
    const node = selected === null ? undefined : getNode(selected)
    if (!node) return
    const { width, height, transform } = store.getState()
    const [left, top, zoom] = transform
    const size = { width: NODE_WIDTH, height: node.measured?.height ?? CELL.height }
    const x = node.position.x * zoom + left
    const y = node.position.y * zoom + top
    const isSeen = x >= 0 && y >= 0 && x + size.width * zoom <= width && y + size.height * zoom <= height
    if (!isSeen) {
      void setCenter(node.position.x + size.width / 2, node.position.y + size.height / 2, {
        zoom,
        duration: 0,
      })
    }
  }, [selected, getNode, setCenter, store])
}

/** Below this zoom a sentence cannot be read. */
const SMALLEST = 0.8
/** Paths side by side are shown together down to this zoom. */
const SMALLEST_FOR_PATHS = 0.6
const MARGIN = 36
/** The room for the plus below the last node. */
const ADD_BELOW = 40
/** How far the words of an edge in a lane may reach to its right. */
const HALF_WORDS = 40
const roundPosition = ({ x, y }: Position): Position => ({ x: Math.round(x), y: Math.round(y) })

function useDrawnNodes({
  document,
  titles,
  selected,
  problems,
  lights,
  progress,
  editing,
  onSelect,
}: Props): DrawnNode[] {
  const isEditable = editing !== undefined
  const onAdd = editing?.onAdd
  return useMemo(() => {
    const positions = positionsOf(document, rowHeightOf(document, lights !== undefined))
    const edges = edgesOf(document)
    const used = new Set(edges.map((edge) => `${edge.source} ${portOf(edge)}`))
    const chosen = selected === null ? null : (loopsAround(document.actions, selected)?.[0]?.id ?? selected)
    const node = (
      id: string,
      data: Omit<DrawnNode['data'], 'isSelected' | 'problems' | 'isEditable' | 'onSelect' | 'isLit'>,
    ): DrawnNode => ({
      id,
      type: 'step',
      position: positions[id] ?? { x: 0, y: 0 },
      width: NODE_WIDTH,
      data: {
        ...data,
        ports: data.ports.map((port) => ({ ...port, isFree: !used.has(`${id} ${port.port}`) })),
        isLit: lights !== undefined,
        isSelected: chosen === id,
        problems: problems?.get(id) ?? 0,
        isEditable,
        onSelect,
        ...(onAdd ? { onAdd } : {}),
      },
    })
    const trigger = node(TRIGGER, {
      type: TRIGGER,
      title: 'Trigger',
      phrase: triggerPhrase(document),
      when: null,
      light: lights ? 'completed' : null,
      progress: undefined,
      ports: [{ port: 'next', at: 0.5, words: undefined, isFree: true }],
    })
    return [
      trigger,
      ...document.actions.map((action) =>
        node(action.id, {
          type: action.type,
          title: actionName(action, titles),
          phrase: actionPhrase(action),
          when: whenPhrase(action),
          light: lights ? lights(action.id) : null,
          progress: progress?.get(action.id),
          ports: portsDrawn(action),
        }),
      ),
    ]
  }, [document, titles, selected, problems, lights, progress, isEditable, onAdd, onSelect])
}

/** The ways out of an action along its foot: the usual ones in the middle, those of failures at the right. */
function portsDrawn(action: Action): DrawnPort[] {
  const all = (
    ['next', ...entriesOf(action).map((_, place) => entryPort(place)), 'otherwise'] as Port[]
  ).filter((port) => canHave(action, port))
  const aside = (['timeout', 'error'] as Port[]).filter((port) => canHave(action, port))
  return [
    ...all.map((port, index) => ({
      port,
      at: (index + 1) / (all.length + 1),
      words: portWords(action, port),
      isFree: true,
    })),
    ...aside.map((port) => ({
      port,
      at: port === 'error' ? 0.9 : 0.76,
      words: portWords(action, port),
      isFree: true,
    })),
  ]
}

function useDrawnEdges({ document, titles, lights, taken, editing }: Props): DrawnEdge[] {
  return useMemo(() => {
    const byId = new Map(document.actions.map((action) => [action.id, action]))
    const name = (id: string): string => {
      const action = byId.get(id)
      return action ? actionName(action, titles) : 'the trigger'
    }
    const isArranged = Object.keys(document.layout?.positions ?? {}).length > 0
    const { lanes } = tidyLayout(document, rowHeightOf(document, lights !== undefined))
    const edges = edgesOf(document)
    const entering = new Map<string, number>()
    for (const { target } of edges) entering.set(target, (entering.get(target) ?? 0) + 1)
    const used = new Set(edges.map(({ source, kind }) => `${source} ${kind}`))
    const inLanes = new Map<string, number>()
    return edges.map((edge, number): DrawnEdge => {
      const source = byId.get(edge.source)
      const port = portOf(edge)
      const lane = isArranged ? undefined : lanes.get(number)
      const step = inLanes.get(edge.source) ?? 0
      if (lane !== undefined) inLanes.set(edge.source, step + 1)
      return {
        id: edgeId(edge),
        source: edge.source,
        target: edge.target,
        sourceHandle: port,
        type: 'step',
        data: {
          kind: edge.kind,
          port,
          label: source ? portWords(source, port) : undefined,
          isNamedBefore: edge.place > 0 && edge.kind !== 'branch',
          isAside: edge.kind === 'error' || edge.kind === 'timeout',
          isPaired: ['error', 'timeout'].every((kind) => used.has(`${edge.source} ${kind}`)),
          lane,
          step,
          place: edge.place,
          isJoining: (entering.get(edge.target) ?? 0) > 1,
          isTaken: taken?.has(edgeId(edge)) ?? false,
          between: `${name(edge.source)} and ${name(edge.target)}`,
          ...(editing ? { onAdd: editing.onAdd, onDisconnect: editing.onDisconnect } : {}),
        },
      }
    })
  }, [document, titles, lights, taken, editing])
}
