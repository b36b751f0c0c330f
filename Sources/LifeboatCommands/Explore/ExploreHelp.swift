/// What can be typed.
enum ExploreHelp {
    static let text = """
        where                    where the copy stands, and what comes next
        next [N]                 the next N transactions (default: 5)
        step +30s                go on by so many seconds, minutes (m) or hours (h)
        step +1tx                go on by so many transactions
        step to POSITION         go on through this transaction
        sql                      open the engine's own client, on a terminal
        sql [--database D] SELECT …
                                 run one statement and print its rows
        export --table T [--where CONDITION | --definition] FILE
                                 write rows of the copy as statements that insert them; --definition: the table as well
        diff --table T [--where CONDITION] [--key COLUMN]… [--files DIR] FILE
                                 compare with the live server, and write a script that brings the copy's rows back
        promote                  leave the server running when you leave
        help
        quit                     leave; the end of the input does too
        """
}
