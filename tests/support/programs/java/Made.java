/** Classes for `Churn` to load. */
class Made0 {
    static int count = 0;
}

class Made1 {
    static int count = 1;
}

class Made2 {
    static int count = 2;
}

class Made3 {
    static int count = 3;
}

class Made4 {
    static int count = 4;
}

class Made5 {
    static int count = 5;
}

class Made6 {
    static int count = 6;
}

class Made7 {
    static int count = 7;
}

class Made8 {
    static int count = 8;
}

class Made9 {
    static int count = 9;
}

class Made10 {
    static int count = 10;
}

class Made11 {
    static int count = 11;
}

class Made12 {
    static int count = 12;
}

class Made13 {
    static int count = 13;
}

class Made14 {
    static int count = 14;
}

class Made15 {
    static int count = 15;
}

class Made16 {
    static int count = 16;
}

class Made17 {
    static int count = 17;
}

class Made18 {
    static int count = 18;
}

class Made19 {
    static int count = 19;
}
