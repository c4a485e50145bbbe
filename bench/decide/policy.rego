# The clause that allows a request: by its exact key, else by the key with its last segment, an integer, cut out.
package decide

clause := found if {
	found := data.literal[input.method][input.path][input.caller]
} else := found if {
	found := data.integer[input.method][input.head][input.caller]
	input.last != ""
	count(input.last) <= 20
	trim_left(input.last, "0123456789") == ""
}
