/* One LLDP frame, read and written as a record. */
enum { longest = 1600 };
/* Kinds of chassis id and port id whose value is an address (IEEE 802.1AB, tables 8-2 and 8-3). */
enum { chassis_mac = 4, chassis_address = 5, port_mac = 3, port_address = 4, port_circuit = 6 };

struct text { unsigned char subtype; const unsigned char *bytes; int length; };
struct neighbour {
  struct text chassis, port, description, system;
  int vlan;
  /* For how long it is to be believed; -1 where it does not say. */
  int seconds;
  /* What it says that it does now, as bits; -1 where it does not say. */
  int enabled;
};

/* 1 when the frame is sound; what is known of the neighbour points into the frame. */
int read_frame(const unsigned char *frame, int bytes, struct neighbour *out);
/* 0 when it says what it does, and that is neither a bridge nor a router. */
int may_be_switch(const struct neighbour *n);
void print_record(const char *nic, const struct neighbour *n);
