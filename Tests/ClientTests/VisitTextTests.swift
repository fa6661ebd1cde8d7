import Client
import Testing

@Suite("Retention, paths and sessions as tables")
struct VisitTextTests {
    private func text(_ kind: String, _ answer: String, query: String = "{}") throws -> String {
        AnswerText.lines(
            kind: kind, query: try JSONNode(parsing: Array(query.utf8)),
            answer: try JSONNode(parsing: Array(answer.utf8))
        ).joined(separator: "\n")
    }

    @Test("Retention shows shares, and marks the intervals that are not over")
    func retention() throws {
        let rows = #"""
            [{"cohort":"2026-11-01","size":120,"returned":[120,40,3],"complete":3},
             {"cohort":"2026-11-08","size":7,"returned":[7,2,null],"complete":1},
             {"cohort":"2026-11-15","size":0,"returned":[0,null,null],"complete":0}]
            """#
        #expect(
            try text("retention", #"{"rows":\#(rows)}"#, query: #"{"interval":"week"}"#) == """
                cohort      size  week 0  week 1  week 2
                ----------  ----  ------  ------  ------
                2026-11-01   120  100.0%   33.3%    2.5%
                2026-11-08     7  100.0%  28.6%*
                2026-11-15     0       -

                * not over yet
                """)
        #expect(try text("retention", #"{"rows":[]}"#) == "no cohorts")
    }

    @Test("Paths show their nodes, and where they go")
    func paths() throws {
        let answer = #"""
            {"paths":10,"nodes":[{"id":0,"step":0,"key":"/","count":10,"drop_off":4},
             {"id":1,"step":1,"key":null,"count":4,"drop_off":4},
             {"id":2,"step":1,"key":null,"other":true,"values":3,"count":2,"drop_off":2}],
             "links":[{"source":0,"target":1,"count":4},{"source":0,"target":2,"count":2}]}
            """#
        #expect(
            try text("paths", answer) == """
                step  path        paths   share  drop-off
                ----  ----------  -----  ------  --------
                   0  /              10  100.0%         4
                   1  (none)          4   40.0%         4
                   1  (3 others)      2   20.0%         2

                step  from  to          paths
                ----  ----  ----------  -----
                   0  /     (none)          4
                   0  /     (3 others)      2

                10 paths
                """)
        #expect(try text("paths", #"{"paths":0,"nodes":[],"links":[]}"#) == "no paths")
    }

    @Test("Sessions show their numbers, and the pages they begin and end on")
    func sessions() throws {
        let answer = #"""
            {"sessions":10,"visitors":7,"bounces":5,"bounce_rate":0.5,"session_duration":65000,"pageviews":25,
             "pages_per_session":2.5,
             "entry_pages":{"rows":[{"key":"/","sessions":6,"bounces":3,"bounce_rate":0.5}],
              "other":{"sessions":4,"bounces":2},"distinct":3},
             "exit_pages":{"rows":[{"key":null,"sessions":10}],"other":{"sessions":0},"distinct":1}}
            """#
        #expect(
            try text("sessions", answer, query: #"{"by":"url"}"#) == """
                metric             value
                -----------------  -----
                sessions              10
                visitors               7
                bounces                5
                bounce_rate        50.0%
                session_duration   1m 5s
                pageviews             25
                pages_per_session    2.5

                entry url  sessions  bounce rate
                ---------  --------  -----------
                /                 6        50.0%
                (other)           4

                exit url  sessions
                --------  --------
                (none)          10
                """)
    }
}
