"""What most graphs on the bench begin with: checkpoints of the family and their vectors; test sets; a whole little graph.

Lines for `Bench.document`, as texts rather than fixtures, since tests build the tables of their cases from them.
"""

TWO_VECTORS = """
    base = checkpoint source:base
    a = checkpoint source:a
    b = checkpoint source:b
    ta = task_vector tuned=a base=base
    tb = task_vector tuned=b base=base
"""
THREE_VECTORS = f"""{TWO_VECTORS}
    c = checkpoint source:c
    tc = task_vector tuned=c base=base
"""
TEST_SETS = """
    target = test_set source:target.npz split:validation
    control = test_set source:control.npz split:validation role:control
    test = test_set source:test.npz
"""
EXPORTED_EDIT = """
    base = checkpoint source:base
    a = checkpoint source:a
    ta = task_vector tuned=a base=base
    edit = apply base=base vector=ta strength:0.3
    out = export_checkpoint checkpoint=edit folder:out
"""
