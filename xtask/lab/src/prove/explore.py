"""Runs proofs: every path of each harness in an object file, with symbols for inputs, to its end.

`cargo xtask prove` starts it; engine/src/proofs says what is proven. A line of JSON is printed for each harness. A harness
is proven where every path returns and at least one does. Anything else is a failure: a panic, a function outside the
object, an instruction that is not modelled, an address that cannot be shown to lie inside an object that may be used so,
a question that the solver does not answer in time, and a path that goes on for too long.
"""

import argparse
import functools
import json
import logging
import math
import multiprocessing
import queue
import time

import angr
import claripy
import z3
from angr.engines.vex.claripy import ccall

logging.disable(logging.CRITICAL)

STACK = 1 << 20
MAX_ADDRESSES = 1024
MAX_CASES = 64
OBJECT = "object_"


@functools.lru_cache(maxsize=None)
def most(number):
    """No less than the greatest value of a number, seen from what it is made of alone."""
    limit, parts = (1 << number.length) - 1, number.args
    if number.op == "BVV":
        return parts[0]
    if number.op in ("__add__", "__mul__"):
        bounds = [most(part) for part in parts]
        bound = sum(bounds) if number.op == "__add__" else math.prod(bounds)
    elif number.op == "ZeroExt":
        bound = most(parts[1])
    elif number.op == "Concat":
        bound = 0
        for part in parts:
            bound = bound << part.length | most(part)
    elif number.op == "Extract":
        bound = most(parts[2]) >> parts[1]
    elif number.op == "If":
        bound = max(most(parts[1]), most(parts[2]))
    else:
        bound = limit
    return bound if bound <= limit else limit


def flags_of_a_product(state, nbits, left, right, _ndep, platform=None):
    """x86's flags of an unsigned product. angr's own are wrong: they take the highest bit of the lower half for a carry."""
    wide = left[nbits - 1 : 0].zero_extend(nbits) * right[nbits - 1 : 0].zero_extend(nbits)
    low, bit = wide[nbits - 1 : 0], lambda holds: claripy.If(holds, claripy.BVV(1, 1), claripy.BVV(0, 1))
    # A solver takes minutes to find out what is plain.
    carry = claripy.BVV(0, 1) if most(wide) >> nbits == 0 else bit(wide[2 * nbits - 1 : nbits] != 0)
    parity, zero = ccall.calc_paritybit(low), ccall.calc_zerobit(low)
    size = ccall.data[platform]["size"]
    return ccall.pc_make_rdata(
        size, carry, parity, claripy.BVV(0, 1), zero, low[nbits - 1], carry, platform=platform
    )


ccall.pc_actions_UMUL = ccall.pc_actions_UMULQ = flags_of_a_product


def bit_vector_solver(self, timeout=None, max_memory=None):
    """z3's solver for bit vectors, in place of the general one, which takes far longer over products."""
    solver = z3.SolverFor("QF_BV", ctx=self._context)
    if timeout is not None:
        solver.set("timeout", timeout)
    return solver


claripy.backends.backend_z3.BackendZ3.solver = bit_vector_solver


class Unproven(Exception):
    """Why a path is no proof."""


class Inputs(angr.SimStatePlugin):
    """Symbols of a path in the order in which they were asked for, and its objects: base and bytes by name."""

    def __init__(self, symbols=(), objects=()):
        super().__init__()
        self.symbols, self.objects = tuple(symbols), dict(objects)

    @angr.SimStatePlugin.memo
    def copy(self, _memo):
        return Inputs(self.symbols, self.objects)

    def of(self, state):
        """Values that lead here, for people."""
        values = []
        for name, symbol in self.symbols:
            value = state.solver.eval(symbol)
            state.add_constraints(symbol == value)
            values.append(f"{name} = {value}")
        return ", ".join(values) or "no inputs"


class Any(angr.SimProcedure):
    """atome_any(bits, name, name_len)."""

    def run(self, bits, name, name_len):
        bits, word = self.state.solver.eval_one(bits), self.state.arch.bits
        name = text(self.state, name, name_len)
        symbol = claripy.BVS(name, bits)
        self.state.inputs.symbols += ((name, symbol),)
        return symbol if bits == word else symbol.zero_extend(word - bits)


class Assume(angr.SimProcedure):
    """atome_assume(holds)."""

    def run(self, holds):
        self.state.add_constraints(holds != 0)
        if not self.state.satisfiable():
            self.exit(1)


class Split(angr.SimProcedure):
    """atome_split(number): a path for each of its values."""

    def run(self, number):
        values = self.state.solver.eval_upto(number, MAX_CASES + 1)
        if len(values) > MAX_CASES:
            raise Unproven(f"a split into more than {MAX_CASES} cases")
        self.inhibit_autoret = True
        for value in values:
            state = self.state.copy()
            state.add_constraints(number == value)
            back = self.cc.teardown_callsite(state, claripy.BVV(value, state.arch.bits), prototype=self.prototype)
            self.successors.add_successor(state, back, claripy.true(), "Ijk_Ret")


class Memory(angr.SimProcedure):
    """atome_memory(bytes): an object at any address where it fits."""

    def run(self, size):
        word = self.state.arch.bits
        name = f"{OBJECT}{len(self.state.inputs.objects)}"
        base = claripy.BVS(name, word, explicit_name=True)
        self.state.inputs.objects[name] = (base, size)
        self.state.add_constraints(base != 0, base & 63 == 0, size <= (1 << (word - 1)) - 1, base <= base + size)
        return base


class Copy(angr.SimProcedure):
    """memcpy and memmove, of a known number of bytes."""

    def run(self, to, source, size):
        size = self.state.solver.eval_one(size)
        if size:
            self.state.memory.store(to, self.state.memory.load(source, size))
        return to


class Fill(angr.SimProcedure):
    """memset, of a known number of bytes."""

    def run(self, to, value, size):
        size = self.state.solver.eval_one(size)
        if size:
            self.state.memory.store(to, claripy.Concat(*[value[7:0]] * size))
        return to


class FillArm(angr.SimProcedure):
    """__aeabi_memset: the number of bytes comes first."""

    def run(self, to, size, value):
        return self.inline_call(Fill, to, value, size).ret_expr


class Clear(angr.SimProcedure):
    """__aeabi_memclr."""

    def run(self, to, size):
        return self.inline_call(Fill, to, claripy.BVV(0, self.state.arch.bits), size).ret_expr


class Compare(angr.SimProcedure):
    """bcmp and memcmp, of a known number of bytes; any answer but 0 is as good as another."""

    def run(self, left, right, size):
        size, word = self.state.solver.eval_one(size), self.state.arch.bits
        if not size:
            return claripy.BVV(0, word)
        equal = self.state.memory.load(left, size) == self.state.memory.load(right, size)
        return claripy.If(equal, claripy.BVV(0, word), claripy.BVV(1, word))


class Elsewhere(angr.SimProcedure):
    """Whatever else is not in the object, a panic for the most part."""

    NO_RET = True

    def run(self, first, second, third):
        place = self.place([third, second, first])
        raise Unproven(f"{plain(self.display_name)}{place}, with {self.state.inputs.of(self.state)}")

    def place(self, arguments):
        """Where a panic says that it is: one of its arguments is a location."""
        for argument in arguments:
            try:
                argument = self.state.solver.eval_one(argument)
                number = lambda at, size: self.state.solver.eval(
                    self.state.memory.load(argument + at, size, endness=self.state.arch.memory_endness, inspect=False))
                size = self.state.arch.bytes
                file, length, line = number(0, size), number(size, size), number(2 * size, 4)
                if 3 < length < 200 and line < 100_000:
                    found = self.state.solver.eval(self.state.memory.load(file, length, inspect=False), cast_to=bytes)
                    if found.endswith(b".rs"):
                        return f" at {found.decode()}:{line}"
            except Exception:
                continue
        return ""


HOOKS = {
    "atome_any": Any,
    "atome_assume": Assume,
    "atome_split": Split,
    "atome_memory": Memory,
    "memcpy": Copy,
    "memmove": Copy,
    "memset": Fill,
    "memcmp": Compare,
    "bcmp": Compare,
    **{f"__aeabi_memcpy{aligned}": Copy for aligned in ("", 4, 8)},
    **{f"__aeabi_memset{aligned}": FillArm for aligned in ("", 4, 8)},
    **{f"__aeabi_memclr{aligned}": Clear for aligned in ("", 4, 8)},
}


def text(state, at, length):
    length = state.solver.eval_one(length)
    return state.solver.eval_one(state.memory.load(at, length), cast_to=bytes).decode()


def plain(name):
    """The words of a mangled name."""
    words, at = [], 0
    while at < len(name):
        digits = at
        while digits < len(name) and name[digits].isdigit():
            digits += 1
        size = int(name[at:digits] or 0)
        word = name[digits:digits + size]
        if name.startswith("_R") and size > 2 and len(word) == size and word.replace("_", "a").isalnum():
            words.append(word)
            at = digits + size
        else:
            at = max(digits, at + 1)
    return "::".join(words) or name


class Refuse(angr.concretization_strategies.SimConcretizationStrategy):
    """An address that may be too many things."""

    def _concretize(self, memory, addr, **kwargs):
        raise Unproven(f"an address with more than {MAX_ADDRESSES} values")


class Guard:
    """What every read and write of one harness must keep to."""

    def __init__(self, project, state):
        top = state.solver.eval(state.regs.sp)
        self.unused = top - STACK
        sections = [s for s in project.loader.main_object.sections if s.occupies_memory and s.memsize]
        self.readable = [(top - STACK, top + 64)] + [(s.vaddr, s.vaddr + s.memsize) for s in sections]
        self.writable = [(top - STACK, top + 64)] + [(s.vaddr, s.vaddr + s.memsize) for s in sections if s.is_writable]
        for kind in ("mem_read", "mem_write"):
            state.inspect.b(kind, when=angr.BP_BEFORE, action=getattr(self, kind))

    def mem_read(self, state):
        address, size = state.inspect.mem_read_address, state.inspect.mem_read_length
        address = self.where_done(state, address, state.inspect.mem_read_condition)
        state.inspect.mem_read_address = address
        if self.is_in_object(state, address, size):
            state.inspect.mem_read_address = self.anywhere(state)
        else:
            self.check(state, address, size, self.readable, "read")

    def mem_write(self, state):
        address, size = state.inspect.mem_write_address, state.inspect.mem_write_length
        address = self.where_done(state, address, state.inspect.mem_write_condition)
        state.inspect.mem_write_address = address
        if size is None:
            size = len(state.inspect.mem_write_expr) // 8
        if self.is_in_object(state, address, size):
            # Such an object has any content, whatever was written.
            state.inspect.mem_write_address = self.anywhere(state)
        else:
            self.check(state, address, size, self.writable, "write")

    def where_done(self, state, address, condition):
        """The address of an access under a condition; where that does not hold, of the stack's end, which nobody uses."""
        if condition is None or state.solver.is_true(condition):
            return address
        return claripy.If(condition, address, claripy.BVV(self.unused, state.arch.bits))

    @staticmethod
    def anywhere(state):
        """A place that nothing was ever written to: its content is a fresh symbol."""
        state.globals["fresh"] = state.globals.get("fresh", 0x10_0000) + 0x1000
        return claripy.BVV(state.globals["fresh"], state.arch.bits)

    def is_in_object(self, state, address, size):
        if not isinstance(address, claripy.ast.Base) or not address.symbolic:
            return False
        names = [name for name in address.variables if name in state.inputs.objects]
        if not names:
            return False
        if len(names) > 1:
            raise Unproven("an address of two objects")
        base, length = state.inputs.objects[names[0]]
        inside = claripy.And(address - base <= length, length - (address - base) >= size)
        if state.solver.satisfiable(extra_constraints=[claripy.Not(inside)]):
            state.add_constraints(claripy.Not(inside))
            raise Unproven(f"{size} bytes at {address - base} of {length}, with {state.inputs.of(state)}")
        return True

    def check(self, state, address, size, regions, what):
        some = state.solver.eval(address)
        size = state.solver.max(size) if isinstance(size, claripy.ast.Base) else size
        for start, end in regions:
            if start <= some and some + size <= end:
                outside = claripy.Not(claripy.And(address >= start, address <= end - size))
                if state.solver.is_false(outside) or not state.solver.satisfiable(extra_constraints=[outside]):
                    return
                state.add_constraints(outside)
                some = state.solver.eval(address)
                break
        raise Unproven(f"a {what} of {size} bytes outside of all objects, at {some:#x}, with {state.inputs.of(state)}")


def load(path):
    project = angr.Project(path, auto_load_libs=False, use_sim_procedures=False)
    undefined = {s.name for s in project.loader.main_object.symbols if s.is_import and s.name}
    for name in undefined:
        project.hook_symbol(name, HOOKS.get(name, Elsewhere)(display_name=name), replace=True)
    return project


def start(project, harness):
    function = project.loader.main_object.get_symbol(harness)
    state = project.factory.call_state(
        function.rebased_addr,
        add_options={angr.options.SYMBOL_FILL_UNCONSTRAINED_MEMORY, angr.options.SYMBOL_FILL_UNCONSTRAINED_REGISTERS},
        remove_options={angr.options.LAZY_SOLVES},
    )
    state.register_plugin("inputs", Inputs())
    strategies = [
        angr.concretization_strategies.SimConcretizationStrategySingle(),
        angr.concretization_strategies.SimConcretizationStrategyRange(MAX_ADDRESSES),
        Refuse(),
    ]
    state.memory.read_strategies = list(strategies)
    state.memory.write_strategies = list(strategies)
    Guard(project, state)
    return state


def explore(project, harness, seconds):
    """What became of a harness."""
    began = time.monotonic()
    result = {"harness": harness, "paths": 0, "blocks": 0}
    try:
        state = start(project, harness)
        stack = state.solver.eval(state.regs.sp)
        manager = project.factory.simulation_manager(state, save_unconstrained=True, save_unsat=False)
        manager.use_technique(angr.exploration_techniques.DFS())
        while manager.active:
            manager.step()
            result["blocks"] += 1
            if manager.errored:
                raise manager.errored[0].error
            if manager.unconstrained:
                raise Unproven("a jump to nowhere")
            for ended in manager.deadended:
                result["paths"] += settle(project, ended, stack)
            manager.drop(stash="deadended")
            if time.monotonic() - began > seconds:
                raise Unproven(f"more than {seconds} seconds")
        if not result["paths"]:
            raise Unproven("no input keeps to the assumptions: nothing is claimed")
    except Exception as error:
        kind = "" if isinstance(error, Unproven) else f"{type(error).__name__}: "
        result["fault"] = f"{kind}{error}"
    result["seconds"] = round(time.monotonic() - began, 1)
    return result


def settle(project, state, stack):
    """1 for a path that returned, 0 for one that an assumption ended."""
    if not state.satisfiable():
        return 0
    if state.addr == project.simos.return_deadend and state.solver.eval(state.regs.sp) >= stack:
        return 1
    if state.history.jumpkind == "Ijk_Exit":
        return 0
    raise Unproven(f"a path that ends at {state.addr:#x}")


def one_by_one(project, harnesses, jobs, seconds):
    """Results as they come, of processes that are ended where they take too long, in whatever they are busy with."""
    context = multiprocessing.get_context("fork")
    results, waiting, running = context.Queue(), list(harnesses), {}
    work = lambda harness: results.put(explore(project, harness, seconds))
    while waiting or running:
        while waiting and len(running) < jobs:
            harness = waiting.pop(0)
            process = context.Process(target=work, args=(harness,), daemon=True)
            process.start()
            running[harness] = (process, time.monotonic())
        try:
            result = results.get(timeout=0.2)
            running.pop(result["harness"])[0].join()
            yield result
            continue
        except queue.Empty:
            pass
        for harness, (process, began) in list(running.items()):
            late = time.monotonic() - began > seconds + 5
            if late or (not process.is_alive() and results.empty()):
                process.kill()
                process.join()
                del running[harness]
                fault = f"more than {seconds} seconds" if late else "the explorer died"
                yield {"harness": harness, "paths": 0, "blocks": 0, "seconds": seconds, "fault": fault}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("object")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=240, help="for each harness; below the solver's own limit")
    parser.add_argument("harness", nargs="+")
    arguments = parser.parse_args()
    project = load(arguments.object)
    for result in one_by_one(project, arguments.harness, arguments.jobs, arguments.seconds):
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
