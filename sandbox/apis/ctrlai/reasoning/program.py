"""The language of program units: JSON in the shape of JsonLogic, exact, total, and always at an end.

A program stands in a unit's `definition.program`. It is an object of steps, `{variable: expression}`, that run in the
order in which they are written, or a list of steps, `[{"set": variable, "to": expression}, ...]`. A step sees the
unit's inputs and what earlier steps have set; a list may not set a variable twice. Of what the steps set, the unit
gives what its `outputSchema` names (all of it where the unit has none). An expression is one of:

* a number, a string, `true` or `false`, which stand for themselves (there is no null);
* `{operator: [operand, ...]}`, one operator; a single operand needs no brackets: `{"!": {"var": "insured"}}`.

    var                     the variable of that name; ["name", default] if it may be missing
    + *                     of one number or more       - /   of two (- of one: the opposite)
    %                       the remainder, with the sign of the first number (as in JavaScript)
    min max                 of one number or more
    abs floor ceil          of one number
    round                   [number, digits]: half away from zero, to 0 (unless told) .. 12 decimals
    == === != !==           of two numbers, two strings or two booleans; two of different kinds are a failure
    < <= > >=               of two numbers, or of three: {"<=": [300, {"var": "creditScore"}, 850]}
    and or                  of one boolean or more, from the left, no further than needed       !   of one boolean
    if                      [condition, value, condition, value, ..., otherwise]: what is not chosen is not computed
    in                      [value, [value, ...]] member of a list, or [string, string] part of a text
    cat                     one text of numbers, strings and booleans

There is no truthiness: conditions are booleans. Numbers are exact fractions, so that 0.1 + 0.2 is 0.3 and 1 / 3 * 3 is
1 on every machine. What a program gives is an integer where it is whole, and else the nearest double.

A program has at most `MOST_NODES` values and operators, `DEEPEST` levels and `MOST_STEPS` steps; there are no loops, so
that it takes no more steps than it has parts. A number is at most `LARGEST` from zero and written with `MOST_BITS` above
and below the line, a text has at most `LONGEST_TEXT` characters. What goes wrong (a missing variable, a wrong type, a
division by zero, something too large) ends the program and is a `Failure` that says why and in which step; a program
that has failed gives nothing. `read` and `flaw` find what is wrong with a program before it is stored.

An example, complete: debt-to-income ratio and risk tier of a loan.

    {"name": "Credit Risk", "unitType": "program", "when": "credit risk, loan application",
     "inputSchema": {"monthlyDebt": "number", "monthlyIncome": "number", "creditScore": "integer"},
     "outputSchema": {"dti": "number", "riskTier": {"type": "string", "enum": ["low", "medium", "high"]}},
     "definition": {"program": {
       "dti": {"round": [{"/": [{"var": "monthlyDebt"}, {"var": "monthlyIncome"}]}, 4]},
       "riskTier": {"if": [
         {"and": [{"<=": [{"var": "dti"}, 0.36]}, {">=": [{"var": "creditScore"}, 700]}]}, "low",
         {"and": [{"<=": [{"var": "dti"}, 0.43]}, {">=": [{"var": "creditScore"}, 620]}]}, "medium",
         "high"]}}}}

A monthly debt of 1500, an income of 5000 and a score of 700 give `{"dti": 0.3, "riskTier": "low"}`.
"""
